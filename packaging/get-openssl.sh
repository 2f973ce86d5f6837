#!/bin/sh
# Builds the OpenSSL 3.5 of a newer Debian or Ubuntu release from its source package, statically, into the user's
# cache, and prints the directory of its .pc files. Needs gcc, make, perl, dpkg-dev, xz-utils, package lists; no root.
#   get-openssl.sh --cached     only looks: prints nothing when there is none
set -eu
cd "$(dirname "$0")"
. ./lib.sh

# What TLS 1.2 and 1.3 with certificates, raw public keys and PSK need; the rest is left out for build time.
flags='no-shared no-apps no-docs no-tests no-legacy no-engine no-module no-dso no-autoload-config
    no-quic no-dtls no-ssl3 no-tls1 no-tls1_1 no-comp no-http no-ocsp no-ct no-ts no-cms no-cmp no-srp no-srtp
    no-gost no-idea no-seed no-aria no-camellia no-bf no-cast no-des no-rc2 no-rc4 no-md4 no-mdc2 no-rmd160 no-whirlpool
    no-sm2 no-sm3 no-sm4 no-dsa no-ec2m no-ocb no-siv no-argon2 no-scrypt no-rfc3779 no-slh-dsa'
id=$(printf '%s\n' "$flags" "$(dpkg --print-architecture)" | sha256sum | cut -c1-10)
current=$CACHE/openssl-3.5-$id          # a symbolic link, made last: what it points to is complete

answer_if_built()
{
    if [ -f "$current/lib/pkgconfig/openssl.pc" ] && [ -f "$current/lib/libcrypto.a" ]; then
        echo "$(readlink -f "$current")/lib/pkgconfig"
        exit 0
    fi
}

# Newest first; a mirror may list a version whose files it does not have.
fetch()
{
    # shellcheck disable=SC2086
    for version in $(apt-cache $next showsrc openssl | sed -n 's/^Version: //p' | grep '^3\.5\.' | sort -rVu); do
        (cd "$work" && apt-get $next source --only-source "openssl=$version") >"$work/log" 2>&1 && return 0
        say "the source of OpenSSL $version is not to be had, trying an older one"
    done
    failed "no source package of OpenSSL 3.5 on this machine's mirrors"
}

# The variables of the make that called us are not for this one.
build()
{
    unset MAKEFLAGS MFLAGS MAKELEVEL CC CFLAGS LDFLAGS
    # shellcheck disable=SC2086
    cd "$work"/openssl-3*/ &&
        ./Configure --prefix="$prefix" --libdir=lib --openssldir=/etc/ssl $flags &&
        make -s -j"$(nproc)" build_sw &&
        make -s install_sw DESTDIR="$work/stage"
}

answer_if_built
[ "${1:-}" != --cached ] || exit 0
lock
answer_if_built

mkdir -p "$CACHE"
rm -rf "$CACHE"/build.*                  # left by an interrupted run: ours are made under the lock
work=$(mktemp -d "$CACHE/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
say "the system's OpenSSL is older than $OPENSSL_MIN: fetching the source of 3.5 from the next release"
next_release "$work/apt" deb-src openssl || { say "no newer release is known for this system: please install OpenSSL >= $OPENSSL_MIN"; exit 1; }
fetch
prefix=$CACHE/openssl-$(echo "$version" | tr '~' '_')-$id
say "building OpenSSL $version into $prefix (a minute or two, once)"
(build) >"$work/log" 2>&1 || failed "building OpenSSL"
rm -rf "$prefix"
mv "$work/stage$prefix" "$prefix"
ln -sfn "$(basename "$prefix")" "$current"
answer_if_built
