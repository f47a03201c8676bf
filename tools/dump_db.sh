#!/usr/bin/env bash
# Backs the installation up: a dump of the database, and submissions and problems by rsync.
#
#     tools/dump_db.sh [--database-only]
#
# <backup>/databoard_<time>.dump   from pg_dump -Fc or SQLite's own backup; it gets this name only
#                                  when it is whole and has been read through
# <backup>/files/                  submissions/ and problems/ as they are now
# <backup>/removed/<time>/         what has gone or changed since the backup before
#
# The last line printed is the path of the dump. Restored by tools/restore_db.sh.
set -euo pipefail
# shellcheck source=tools/common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

with_files=yes
case ${1:-} in
    --database-only) with_files= ;;
    "") ;;
    *) fail "there is no option $1; see the first lines of $0" ;;
esac
load_env
use_release
check_backup_folder
backup=$DATABOARD_BACKUP

exec 9>"$backup/.lock"
flock --nonblock 9 || fail "another backup is running"

stamp=$(date -u +%Y-%m-%dT%H%M%SZ)
dump=$backup/databoard_$stamp.dump
part=$backup/.databoard_$stamp.part
trap 'rm -f "$part" "$part-journal"' EXIT

if is_sqlite; then
    sqlite_tool copy "$(sqlite_file)" "$part"
else
    postgres
    pg_dump --format=custom --file="$part" "$PG_ADDRESS"
fi
dump_is_good "$part" || fail "the dump cannot be read back; nothing was kept"
sync "$part"
[ ! -e "$dump" ] || fail "there is a dump of this very second: $dump"
mv "$part" "$dump"

if [ -n "$with_files" ]; then
    mkdir -p "$backup/files"
    for folder in submissions problems; do
        [ -d "$DATABOARD_ROOT/$folder" ] || continue
        # 24: a file went while rsync looked, as files of a running server do.
        rsync --archive --delete --exclude='.*.part' --backup --backup-dir="$backup/removed/$stamp/$folder" \
            "$DATABOARD_ROOT/$folder/" "$backup/files/$folder/" || [ $? -eq 24 ]
    done
fi
say "$dump"
