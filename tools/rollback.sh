#!/usr/bin/env bash
# Returns to the release that ran before this one, and to its schema of the database.
#
#     <code>/current/tools/rollback.sh
#
# Nothing is lost: the schema goes back by the migrations' own way down. The dump from before the
# upgrade is named in case that is not enough.
set -euo pipefail
# shellcheck source=tools/common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

load_env
use_release
note=$RELEASE/.former
[ -f "$note" ] || fail "$(basename "$RELEASE") has no former release"
value() { awk -v name="$1" '$1 == name { print $2 }' "$note"; }
former=$(value former) revision=$(value revision) dump=$(value dump)
[ -d "$CODE/releases/$former" ] || fail "the former release $former is gone"

services stop
trap 'services start' EXIT
if [ -n "$revision" ]; then
    say "taking the schema back to $revision, if it is newer"
    manage db downgrade "$revision"
fi
ln -sfn "releases/$former" "$CODE/.current"
mv -T "$CODE/.current" "$CODE/current"
trap - EXIT
services start
say "$former runs again${dump:+; the dump from before the upgrade is $dump}"
