#!/bin/sh
# Fetches the npm packages of tests/oracles/package.json, by name and exact version from the registry that npm is set up for, into
# the user's cache, and prints where they are. Nothing of theirs runs meanwhile. Needs npm; once done, neither npm nor a network.
#   get-oracles.sh --cached     only looks: prints nothing when they are not there
set -eu
cd "$(dirname "$0")"
. ./lib.sh
current=$CACHE/oracles-$(sha256sum <../tests/oracles/package.json | cut -c1-10)     # made by one rename: it is complete

answer_if_there()
{
    if [ -d "$current/node_modules" ]; then
        echo "$current/node_modules"
        exit 0
    fi
}

answer_if_there
[ "${1:-}" != --cached ] || exit 0
lock
answer_if_there

mkdir -p "$CACHE"
work=$(mktemp -d "$CACHE/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
say "fetching the npm packages that the tests compare ours with (once)"
mkdir "$work/oracles"
cp ../tests/oracles/package.json "$work/oracles"
(cd "$work/oracles" && npm install --ignore-scripts --omit=optional --no-package-lock --no-audit --no-fund) \
    >"$work/log" 2>&1 </dev/null || failed "npm install"
mv "$work/oracles" "$current"
answer_if_there
