#!/bin/sh
# For releases that package llhttp in no form: unpacks a newer release's node-llhttp (C sources, for any architecture)
# into the user's cache. Installs nothing, needs no root.
set -eu
cd "$(dirname "$0")"
. ./lib.sh
lock
mkdir -p "$CACHE"
work=$(mktemp -d "$CACHE/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
say "this release has no llhttp: unpacking node-llhttp of the next one"
next_release "$work/apt" deb llhttp || { say "no newer release is known for this system: please install llhttp"; exit 1; }
# shellcheck disable=SC2086
(cd "$work" && apt-get $next download node-llhttp) >"$work/log" 2>&1 || failed "no node-llhttp on this machine's mirrors"
dpkg-deb -x "$work"/node-llhttp_*.deb "$work/llhttp"
rm -rf "$CACHE/llhttp"
mv "$work/llhttp" "$CACHE/llhttp"
