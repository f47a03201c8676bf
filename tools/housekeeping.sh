#!/usr/bin/env bash
# Prunes the backups: keeps every dump of DATABOARD_BACKUP_DAYS days, then the newest of each week
# for DATABOARD_BACKUP_WEEKS weeks, and always the newest that is good.
#
#     tools/housekeeping.sh [--dry-run]
set -euo pipefail
# shellcheck source=tools/common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

dry_run=
case ${1:-} in
    --dry-run) dry_run=yes ;;
    "") ;;
    *) fail "there is no option $1; see the first lines of $0" ;;
esac
load_env
use_release
check_backup_folder
days=${DATABOARD_BACKUP_DAYS:-10}
weeks=${DATABOARD_BACKUP_WEEKS:-8}
[[ $days =~ ^[0-9]+$ && $weeks =~ ^[0-9]+$ ]] ||
    fail "DATABOARD_BACKUP_DAYS and DATABOARD_BACKUP_WEEKS are whole numbers"
now=$(date +%s)

remove() {
    say "${dry_run:+would go: }$1"
    [ -n "$dry_run" ] || rm -rf -- "$1"
}

last_good() {
    local dump
    while IFS= read -r dump; do
        if dump_is_good "$dump"; then
            say "$dump"
            return
        fi
        say "not good: $dump" >&2
    done < <(dumps)
}

good=$(last_good)
declare -A week_has
while IFS= read -r dump; do
    made=$(stat -c %Y "$dump")
    age=$(((now - made) / 86400))
    week=$(date -u -d "@$made" +%G-%V)
    is_first_of_week=${week_has[$week]:-yes}
    week_has[$week]=no
    if [ "$dump" = "$good" ] || [ "$age" -lt "$days" ]; then
        continue
    elif [ "$is_first_of_week" = yes ] && [ "$age" -lt $((weeks * 7)) ]; then
        continue
    fi
    remove "$dump"
done < <(dumps)

# What a power cut left, and what had gone from the files before the oldest dump that is kept.
while IFS= read -r path; do remove "$path"; done < <(
    find "$DATABOARD_BACKUP" -maxdepth 1 -name '.databoard_*.part*' -mtime +1
    [ ! -d "$DATABOARD_BACKUP/removed" ] ||
        find "$DATABOARD_BACKUP/removed" -mindepth 1 -maxdepth 1 -type d -mtime "+$((weeks * 7))"
)
[ -n "$good" ] || fail "there is no good dump in $DATABOARD_BACKUP"
say "last good dump: $good"
