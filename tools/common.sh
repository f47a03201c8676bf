# shellcheck shell=bash
# What the scripts of this folder share; they source it.
#
# A server has   <code>/releases/<tag>/{tools,...}   <code>/current -> releases/<tag>   <code>/env
# and a checkout has tools/ and, where somebody made them, .venv/ and .env.
set -euo pipefail
umask 027
[[ -r . && -x . ]] || cd / # sudo and runuser leave one in a folder of somebody else

TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
RELEASE=$(dirname "$TOOLS")
CODE=$RELEASE
[ "$(basename "$(dirname "$RELEASE")")" != releases ] || CODE=$(dirname "$(dirname "$RELEASE")")

SERVICES="databoard-web databoard-trainer databoard-mailer"

say() { printf '%s\n' "$*"; }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

is_true() {
    case ${1,,} in 1 | true | t | yes | y | on) return 0 ;; *) return 1 ;; esac
}

# Reads KEY=VALUE lines as systemd does: nothing in them is run. What is set already wins.
load_env() {
    local file=${DATABOARD_ENV_FILE:-} candidate line key value
    if [ -z "$file" ]; then
        for candidate in "$CODE/env" /etc/databoard/env "$RELEASE/.env"; do
            if [ -r "$candidate" ]; then
                file=$candidate
                break
            fi
        done
    fi
    if [ -n "$file" ]; then
        [ -e "$file" ] || fail "there is no file $file, which DATABOARD_ENV_FILE names"
        [ -r "$file" ] || fail "cannot read $file; it belongs to the user of the services"
        export DATABOARD_ENV_FILE=$file
        while IFS= read -r line || [ -n "$line" ]; do
            [[ $line =~ ^([A-Z][A-Z0-9_]*)=(.*)$ ]] || continue
            key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
            [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]] && value=${BASH_REMATCH[1]}
            [ -n "${!key+set}" ] || export "$key=$value"
        done <"$file"
    fi
    export DATABOARD_ROOT=${DATABOARD_ROOT:-$PWD}
}

# The Python and the programs of this release come first.
use_release() {
    local venv
    for venv in "$RELEASE/venv" "$RELEASE/.venv"; do
        if [ -x "$venv/bin/python" ]; then
            export PATH=$venv/bin:$PATH
            break
        fi
    done
    export PYTHONPATH=$RELEASE${PYTHONPATH:+:$PYTHONPATH}
}

python_here() {
    if command -v python >/dev/null; then python "$@"; else python3 "$@"; fi
}

manage() { (cd "$DATABOARD_ROOT" && python_here "$RELEASE/manage.py" "$@"); }

services() { # start, stop or restart
    if [ -z "${DATABOARD_SERVICES:-}" ]; then
        say "DATABOARD_SERVICES is not set: $1 $SERVICES yourself"
        return 0
    fi
    # shellcheck disable=SC2086 # a command and its arguments; a list of names
    $DATABOARD_SERVICES "$1" $SERVICES
}

# ---- the database --------------------------------------------------------------------------------

database_url() {
    if is_true "${DATABOARD_TEST:-}"; then
        say "${DATABOARD_DB_URL_TEST:?is not set}"
    else
        say "${DATABOARD_DB_URL:?is not set}"
    fi
}

is_sqlite() { [[ $(database_url) == sqlite:* ]]; }

sqlite_file() {
    local path
    path=$(database_url)
    path=${path#sqlite:///}
    case $path in /*) say "$path" ;; *) say "$DATABOARD_ROOT/$path" ;; esac
}

sqlite_tool() { python_here "$TOOLS/sqlite_copy.py" "$@"; }

# Sets PG_ADDRESS, an address without its password, which goes where no list of processes shows it.
postgres() {
    local url password
    url=$(database_url)
    url=${url/#postgresql+psycopg2:/postgresql:}
    url=${url/#postgres:/postgresql:}
    if [[ $url =~ ^(postgresql://[^:/@]+):([^@/]*)@(.*)$ ]]; then
        password=${BASH_REMATCH[2]}
        url=${BASH_REMATCH[1]}@${BASH_REMATCH[3]}
        PGPASSWORD=$(printf '%b' "${password//%/\\x}")
        export PGPASSWORD
    fi
    [[ $url =~ ^(postgresql://[^/]*/)([^?]+)(.*)$ ]] || fail "the database's address names no database"
    # shellcheck disable=SC2034 # for those who source this
    PG_SERVER=${BASH_REMATCH[1]} PG_DATABASE=${BASH_REMATCH[2]} PG_OPTIONS=${BASH_REMATCH[3]}
    # shellcheck disable=SC2034
    PG_ADDRESS=$url
}

pg_other() { say "$PG_SERVER$1$PG_OPTIONS"; } # the address of another database of this server

pg_run() { psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"; }

# "table count" of every table, sorted: of a database that runs ...
pg_counts() {
    pg_run --field-separator=' ' "$1" <<'SQL' | sort
SELECT format('SELECT %L, count(*) FROM %I', tablename, tablename)
FROM pg_tables WHERE schemaname = 'public' \gexec
SQL
}

# ... and of a dump.
pg_dump_counts() {
    pg_restore --data-only --file=- "$1" | awk '
        /^COPY / && !inside { table = $2; sub(/^.*\./, "", table); gsub(/"/, "", table); n = 0; inside = 1; next }
        /^\\\.$/ && inside { print table, n; inside = 0; next }
        inside { n++ }' | sort
}

is_sqlite_dump() { [ "$(head -c 15 "$1" 2>/dev/null | tr -d '\0')" = "SQLite format 3" ]; }

# Is a dump whole? Reads all of it.
dump_is_good() {
    [ -s "$1" ] || return 1
    if is_sqlite_dump "$1"; then
        sqlite_tool check "$1" >/dev/null 2>&1
    else
        pg_restore --file=/dev/null "$1" >/dev/null 2>&1
    fi
}

# ---- the backups ---------------------------------------------------------------------------------

# Refuses a folder that is not there, and one on the disk of the data: a disk that is not mounted
# leaves an empty folder behind, which lies there too.
check_backup_folder() {
    local backup=${DATABOARD_BACKUP:-}
    [ -n "$backup" ] || fail "DATABOARD_BACKUP is not set"
    [ -d "$backup" ] || fail "there is no folder $backup; is the disk mounted? (tools/remount.sh)"
    if ! is_true "${DATABOARD_BACKUP_SAME_DISK:-}" &&
        [ "$(stat -c %d "$backup")" = "$(stat -c %d "$DATABOARD_ROOT")" ]; then
        fail "$backup lies on the disk of $DATABOARD_ROOT; is the backup disk mounted? (tools/remount.sh)"
    fi
    [ -w "$backup" ] || fail "$backup cannot be written"
}

dumps() { # newest first
    find "${DATABOARD_BACKUP:?}" -maxdepth 1 -type f -name '*.dump' -printf '%T@ %p\n' |
        sort -rn | cut -d' ' -f2-
}
