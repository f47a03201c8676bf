#!/usr/bin/env bash
# Asks a server that has just been started for what must work: the pages, and the schema.
#
#     tools/smoke_test.sh [<seconds to wait for the server>]
set -euo pipefail
# shellcheck source=tools/common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

load_env
use_release
address=http://${DATABOARD_BIND:-127.0.0.1:8000}
deadline=$((SECONDS + ${1:-30}))

# Prints the status of a page.
ask() {
    python_here - "$address$1" <<'PYTHON'
import sys
import urllib.error
import urllib.request

# Straight to the server, whatever proxy the environment names.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    with opener.open(sys.argv[1], timeout=10) as answer:
        print(answer.status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError:
    print("none")
PYTHON
}

for page in / /login /events; do
    while :; do
        status=$(ask "$page")
        case $status in
            200) break ;;
            none | 502 | 503) [ $SECONDS -lt $deadline ] || fail "$address$page answers $status" ;;
            *) fail "$address$page answers $status" ;;
        esac
        sleep 0.5
    done
    say "ok: $page"
done
[ "$(ask /there-is-no-such-page)" = 404 ] || fail "a page that is not there does not answer 404"
say "ok: 404"
manage db current 2>/dev/null | grep -q '(head)$' || fail "the database is not at the newest schema"
say "ok: schema"
