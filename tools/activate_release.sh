#!/usr/bin/env bash
# Makes a release the one that runs, on the server where it lies in <code>/releases/<tag>:
#
#     <code>/releases/<tag>/tools/activate_release.sh
#
# checks every byte, installs the wheels, stops the services, dumps the database, migrates it,
# switches <code>/current, starts the services and runs the smoke test. A smoke test that fails
# brings the former release back; one that passes is noted in <code>/passed/<tag>.
set -euo pipefail
# shellcheck source=tools/common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

[ "$CODE" != "$RELEASE" ] || fail "$RELEASE does not lie in a folder called releases"
tag=$(basename "$RELEASE")
load_env
cd "$RELEASE"

say "checking $tag"
sha256sum --check --quiet --strict SHA256SUMS || fail "$tag did not arrive as it was built"

# Releases that need the same wheels share one virtual environment.
wheels=$(grep ' wheelhouse/' SHA256SUMS | grep -v ' wheelhouse/databoard-' || true)
venv=$CODE/venvs/$(printf '%s' "$wheels" | sha256sum | cut -c 1-16)
if [ ! -x "$venv/bin/python" ]; then
    say "installing $(printf '%s\n' "$wheels" | grep -c .) wheels"
    trap 'rm -rf "$venv"' EXIT
    mkdir -p "$CODE/venvs"
    python3 -m venv "$venv"
    # shellcheck disable=SC2046 # one word per wheel; their names have no spaces
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
        $(printf '%s\n' "$wheels" | cut -d ' ' -f 3)
    trap - EXIT
fi
ln -sfn "$venv" venv
if [ ! -d databoard ]; then
    rm -rf .package
    mkdir .package
    python3 -m zipfile --extract wheelhouse/databoard-*.whl .package
    # The services may not write here, so the compiled files are made now.
    "$venv/bin/python" -m compileall -q -j 0 .package/databoard
    mv .package/* .
    rmdir .package
fi

use_release
former=$(readlink "$CODE/current" 2>/dev/null || true)
former=${former##*/}
revision() { manage db current 2>/dev/null | awk 'NF { print $1; exit }'; }

[ -z "$former" ] || services stop
are_down=$former
trap '[ -z "$are_down" ] || services start' EXIT
if [ -n "$former" ]; then
    revision=$(revision)
    if [ -n "$revision" ]; then
        dump=$("$TOOLS/dump_db.sh" --database-only | tail -n 1)
        say "dumped to $dump"
    fi
    # What rollback.sh needs.
    [ "$former" = "$tag" ] || printf 'former %s\nrevision %s\ndump %s\n' \
        "$former" "${revision:-}" "${dump:-}" >"$CODE/releases/$tag/.former"
fi
say "migrating"
manage db upgrade
ln -sfn "releases/$tag" "$CODE/.current"
mv -T "$CODE/.current" "$CODE/current"
are_down=''
services start || say "the services did not start" # the smoke test says the rest

mkdir -p "$CODE/passed"
if "$TOOLS/smoke_test.sh"; then
    sha256sum SHA256SUMS | cut -d ' ' -f 1 >"$CODE/passed/.$tag"
    mv "$CODE/passed/.$tag" "$CODE/passed/$tag"
    say "$tag runs"
    exit 0
fi
rm -f "$CODE/passed/$tag"
if [ -n "$former" ] && [ "$former" != "$tag" ]; then
    "$TOOLS/rollback.sh"
fi
fail "$tag did not pass its smoke test"
