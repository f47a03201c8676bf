#!/usr/bin/env bash
# Builds a release of what a tag names: everything that a server installs, down to the last wheel.
#
#     tools/build_release.sh <tag> [--without-dependencies]
#
# dist/releases/<tag>/ holds databoard's wheel and those of all it needs (wheelhouse/), what stands
# beside the package (manage.py, migrations/, tools/, deploy/, ...), and SHA256SUMS of all of it:
# the bytes that pass on the test server are the bytes that production gets. A tree with changes
# that are not committed is refused. --without-dependencies is for servers that have them from the
# release before.
set -euo pipefail
# shellcheck source=tools/common.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/common.sh"

BESIDE="CHANGELOG.md LICENSE config.py constraints.txt env.sample fabfile.py locustfile.py
manage.py requirements.txt wsgi.py migrations tools deploy"

tag='' dependencies=yes
for word; do
    case $word in
        --without-dependencies) dependencies='' ;;
        -*) fail "there is no option $word; see the first lines of $0" ;;
        *) tag=$word ;;
    esac
done
[[ $tag =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || fail "which tag? For instance: $0 v1.0.0"

cd "$RELEASE"
commit=$(git rev-parse --verify --quiet "$tag^{commit}") || fail "git knows no tag $tag; make it with: git tag $tag"
[ -z "$(git status --porcelain --untracked-files=no)" ] || {
    git status --short --untracked-files=no >&2
    fail "commit these changes, or put them aside, first"
}
target=$RELEASE/dist/releases/$tag
[ ! -e "$target" ] || fail "$target is there; a release is built once (remove it to build it anew)"

mkdir -p "$RELEASE/dist/releases"
work=$(mktemp -d "$RELEASE/dist/releases/.build.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/source" "$work/release" "$work/release/wheelhouse"
git archive "$commit" | tar --extract --directory "$work/source"

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH # the same tag gives the same bytes
use_release
unset PYTHONPATH
pip() { python_here -m pip --disable-pip-version-check --quiet "$@"; }
pip wheel --no-deps --wheel-dir "$work/release/wheelhouse" "$work/source"
if [ -n "$dependencies" ]; then
    constraints=$work/source/constraints.txt
    # shellcheck disable=SC2046 # no word if there is no file
    pip wheel --wheel-dir "$work/release/wheelhouse" --find-links "$work/release/wheelhouse" \
        $([ ! -f "$constraints" ] || say "--constraint $constraints") "$work/release/wheelhouse"/databoard-*.whl
fi

for name in $BESIDE; do
    [ ! -e "$work/source/$name" ] || cp -a "$work/source/$name" "$work/release/"
done
printf 'tag %s\ncommit %s\n' "$tag" "$commit" >"$work/release/RELEASE"
(
    cd "$work/release"
    find . -type f -printf '%P\0' | sort -z | xargs -0 sha256sum >"$work/sums"
)
mv "$work/sums" "$work/release/SHA256SUMS"
chmod -R u=rwX,go=rX "$work/release"
mv "$work/release" "$target"
say "$target"
