#!/usr/bin/env bash
# Restores a dump: into a new database, which takes the place of the live one when its tables and
# rows have been counted. A dump that is not whole leaves the live database as it is.
#
#     tools/restore_db.sh [--files] [--stay-down] [--yes] [<dump>]
#     tools/restore_db.sh --rehearse [<dump>]
#
# Without a dump: the newest. --files also brings the submissions and problems of the backup back
# (nothing is deleted); --stay-down leaves the services stopped; --rehearse restores, counts, and
# throws the new database away: cron does it every week.
set -euo pipefail
# shellcheck source=tools/common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

rehearse='' files='' stay_down='' yes='' dump=''
for word; do
    case $word in
        --rehearse) rehearse=yes ;;
        --files) files=yes ;;
        --stay-down) stay_down=yes ;;
        --yes) yes=yes ;;
        -*) fail "there is no option $word; see the first lines of $0" ;;
        *) dump=$word ;;
    esac
done
load_env
use_release
[ -n "$dump" ] || dump=$(dumps | head -n 1)
[ -f "$dump" ] || fail "there is no dump ${dump:-in $DATABOARD_BACKUP}"
dump=$(readlink -f "$dump")
stamp=$(date -u +%Y%m%d%H%M%S)

are_down=''
# shellcheck disable=SC2317,SC2329 # until there is something to throw away
throw_away() { :; }
clean_up() {
    throw_away
    [ -z "$are_down" ] || services start # whatever went wrong, the site comes back
}
trap clean_up EXIT

dump_is_good "$dump" || fail "$dump is not a whole dump; the live database was not touched"
if is_sqlite; then
    is_sqlite_dump "$dump" || fail "$dump is of PostgreSQL, the live database is SQLite"
    live=$(sqlite_file)
    new=$(dirname "$live")/.restore_$stamp.db
    mkdir -p "$(dirname "$live")"
    throw_away() { rm -f "$new" "$new-journal"; }
    sqlite_tool copy "$dump" "$new"
    expected=$(sqlite_tool counts "$dump")
    restored=$(sqlite_tool counts "$new")
    before=$([ ! -f "$live" ] || sqlite_tool counts "$live")
else
    ! is_sqlite_dump "$dump" || fail "$dump is of SQLite, the live database is PostgreSQL"
    postgres
    live=$PG_DATABASE
    new=${live}_restore_$stamp
    maintenance=$(pg_other postgres)
    pg_run "$maintenance" --command "CREATE DATABASE \"$new\" TEMPLATE template0 ENCODING 'UTF8'" ||
        fail "the role needs CREATEDB for a new database"
    throw_away() { pg_run "$maintenance" --command "DROP DATABASE IF EXISTS \"$new\" WITH (FORCE)" 2>/dev/null; }
    pg_restore --exit-on-error --no-owner --no-privileges --dbname="$(pg_other "$new")" "$dump" ||
        fail "the dump could not be restored; the live database was not touched"
    expected=$(pg_dump_counts "$dump")
    restored=$(pg_counts "$(pg_other "$new")")
    before=$(pg_counts "$PG_ADDRESS" 2>/dev/null || true)
fi

[[ -n $restored && $restored == "$expected" ]] ||
    fail "tables or rows are missing after the restore; the live database was not touched"
n_tables=$(printf '%s\n' "$restored" | wc -l)
n_rows=$(printf '%s\n' "$restored" | awk '{ n += $2 } END { print n }')
if [ -n "$rehearse" ]; then
    say "rehearsed: $dump has $n_tables tables and $n_rows rows, and all came back"
    exit 0
fi

if [ -z "$yes" ]; then
    say "Rows now (<) and in $dump (>):"
    changes=$(diff <(printf '%s\n' "$before") <(printf '%s\n' "$restored") | grep '^[<>]') || true
    say "${changes:-(the same)}"
    [ -n "${DATABOARD_SERVICES:-}" ] ||
        say "DATABOARD_SERVICES is not set: before you answer, stop $SERVICES yourself"
    printf 'Replace the live database? [y/N] '
    read -r answer || answer=
    [[ ${answer,,} =~ ^y(es)?$ ]] || fail "nothing was changed"
fi

are_down=yes
services stop
if is_sqlite; then
    if [ -f "$live" ]; then
        sqlite_tool settle "$live" || say "the live database cannot be read; it is kept as it is"
        mv "$live" "$live.before_$stamp"
        for rest in -wal -shm; do
            [ ! -f "$live$rest" ] || mv "$live$rest" "$live.before_$stamp$rest"
        done
        say "the former database is $live.before_$stamp"
    fi
    chmod 600 "$new"
    mv "$new" "$live"
else
    pg_run "$maintenance" >/dev/null <<SQL
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = '$live' AND pid <> pg_backend_pid();
BEGIN;
ALTER DATABASE "$live" RENAME TO "${live}_before_$stamp";
ALTER DATABASE "$new" RENAME TO "$live";
COMMIT;
SQL
    say "the former database is ${live}_before_$stamp"
fi
if [ -n "$files" ]; then
    for folder in submissions problems; do
        [ ! -d "${DATABOARD_BACKUP:?}/files/$folder" ] ||
            rsync --archive "$DATABOARD_BACKUP/files/$folder/" "$DATABOARD_ROOT/$folder/"
    done
fi
are_down=''
say "restored: $dump has $n_tables tables and $n_rows rows, and all came back"
[ -n "$stay_down" ] || services start
