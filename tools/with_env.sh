#!/usr/bin/env bash
# Runs a command as the services run: with the variables of the env file, the programs of this
# release, in the data root.
#
#     tools/with_env.sh fab list_users
#     tools/with_env.sh manage.py doctor
#
# The server has it as "databoard": sudo -u databoard databoard fab list_users
set -euo pipefail
here=$(readlink -f "${BASH_SOURCE[0]}")
# shellcheck source=tools/common.sh
. "$(dirname "$here")/common.sh"

[ $# -gt 0 ] || fail "which command? For instance: $0 fab list_users"
load_env
use_release
cd "$DATABOARD_ROOT" || fail "there is no data root $DATABOARD_ROOT"
if [ "$1" = manage.py ]; then
    shift
    set -- python "$RELEASE/manage.py" "$@"
elif [ "$1" = fab ] && [ ! -e fabfile.py ]; then
    shift
    set -- fab --search-root "$RELEASE" "$@"
fi
exec "$@"
