#!/usr/bin/env bash
# Fills the test server with what production has: database, submissions, problems.
#
#     tools/prod_db_to_test.sh [<dump>]
#
# The dump is one that tools/dump_db.sh made; without one the newest in DATABOARD_BACKUP, where the
# backups of production are mounted or copied to (fab backup_from:production). Runs on the test
# server only, and only where no letter can leave it; letters that production had still to send are
# taken out of the copy.
set -euo pipefail
# shellcheck source=tools/common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

load_env
use_release
! is_true "${DATABOARD_PRODUCTION:-}" || fail "this is the production server (DATABOARD_PRODUCTION)"
case ${DATABOARD_MAIL_URL:-} in
    smtp*) fail "this server sends letters; set DATABOARD_MAIL_URL=file://$DATABOARD_ROOT/db/mail first" ;;
esac

"$TOOLS/restore_db.sh" --yes --files --stay-down "$@"
manage db upgrade
manage forget-mail
services start
say "the test server has what production had"
