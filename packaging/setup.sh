#!/bin/sh
# Brings a Debian or Ubuntu machine to what the Makefile needs. Does nothing, and touches no network, where all is there.
#   setup.sh build OUT      packages, OpenSSL, llhttp; writes the compiler flags they need into OUT, a make fragment
#   setup.sh test OUT       the foreign programs and npm packages that tests compare ours with; OUT/node_modules leads to the latter
#   setup.sh adapters OUT  the same for adapters/: what `make interop` compares with
#   setup.sh PURPOSE        packages only: the tools of `make check`, `make fuzz`, `make valgrind`
# Run by the Makefile. May run twice at a time, and may be interrupted: what is not complete is done again.
set -eu
cd "$(dirname "$0")"
. ./lib.sh
purpose=$1 out=${2:-}
case $out in ''|/*) ;; *) out=$OLDPWD/$out ;; esac

# One package per word. perl, dpkg-dev and xz-utils unpack and build OpenSSL where the machine's own is too old.
packages_build='gcc libc6-dev make pkg-config libuv1-dev libcjson-dev libcbor-dev libsqlite3-dev zlib1g-dev libcunit1-dev'
packages_openssl='perl dpkg-dev xz-utils'
packages_check='clang-format clang-tidy cppcheck universal-ctags'      tools_check='clang-format clang-tidy cppcheck ctags'
packages_fuzz='clang'                                                  tools_fuzz='clang'
packages_bench='mosquitto openssl'                                    tools_bench='mosquitto openssl'
packages_evidence='tshark'                                            tools_evidence='tshark'
packages_report='chromium libxml2-utils python3-jsonschema bsdutils'     tools_report='chromium xmllint python3 script node'
packages_adapters='mosquitto mosquitto-clients'                        tools_adapters='mosquitto mosquitto_pub node npm'
packages_valgrind='valgrind libc6-dbg'                                 tools_valgrind='valgrind'
packages_test='jose gnutls-bin mosquitto-clients iproute2'             tools_test='jose gnutls-cli mosquitto_pub ip node npm'

missing()
{
    for p; do
        dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || echo "$p"
    done
}

# Without apt we install nothing: all must be there, or we say what is missing.
elsewhere()
{
    lack=
    if [ "$purpose" = build ]; then
        for tool in cc pkg-config; do command -v $tool >/dev/null || lack="$lack, $tool"; done
        for lib in libuv libcjson libcbor sqlite3 zlib cunit libllhttp "openssl >= $OPENSSL_MIN"; do
            pkg-config --exists "$lib" 2>/dev/null || lack="$lack, $lib"
        done
    else
        for tool in $tools; do command -v $tool >/dev/null || lack="$lack, $tool"; done
    fi
    [ -z "$lack" ] || { say "no apt on this machine; please install: ${lack#, }"; exit 1; }
}

# Sets sudo to what makes a command run as root.
need_root()
{
    sudo=
    if [ "$(id -u)" = 0 ]; then return 0; fi
    command -v sudo >/dev/null || { say "neither root nor sudo; as root, please run: apt-get install $*"; exit 1; }
    sudo=sudo
}

apt_get()
{
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}

# The lists are read at most once per run. Another apt may hold their lock: that passes.
update()
{
    [ -z "${updated:-}" ] || return 0
    need_root "$packages_openssl libllhttp-dev or node-llhttp"
    say "reading the package lists"
    for wait in 5 10 20 40 0; do
        if apt_get update >"$work/log" 2>&1; then updated=yes; return 0; fi
        sleep "$wait"
    done
    failed "apt-get update"
}

install()
{
    want=$(missing "$@" | tr '\n' ' ')
    [ -n "$want" ] || return 0
    need_root "$want"
    update
    say "installing: $want"
    [ -z "$(dpkg --audit 2>/dev/null)" ] || $sudo dpkg --configure -a >"$work/log" 2>&1 || failed "dpkg --configure -a"
    # shellcheck disable=SC2086
    apt_get install -y --no-install-recommends $want >"$work/log" 2>&1 || failed "apt-get install $want"
}

# Minimal systems come without package lists.
need_lists()
{
    [ -n "$(apt-get indextargets 'Created-By: Packages')" ] || update
}

# The version apt would install, or nothing.
candidate()
{
    apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -vx '(none)' || true
}

# Sets openssl_path to the directory of the .pc files of a private OpenSSL, or to nothing where the system's will do.
setup_openssl()
{
    openssl_path=
    if pkg-config --atleast-version="$OPENSSL_MIN" openssl; then return 0; fi
    openssl_path=$(sh ./get-openssl.sh --cached)
    if [ -n "$openssl_path" ]; then return 0; fi
    need_lists
    if dpkg --compare-versions "$(candidate libssl-dev)" ge "$OPENSSL_MIN"; then install libssl-dev; return 0; fi
    # shellcheck disable=SC2086
    install $packages_openssl
    openssl_path=$(sh ./get-openssl.sh)
}

find_llhttp()
{
    llhttp_dir=
    if pkg-config --exists libllhttp; then return 0; fi
    for root in / "$CACHE/llhttp/"; do
        llhttp_dir=${root}usr/share/llhttp
        llhttp_include=${root}usr/share/include/llhttp
        if [ -f "$llhttp_dir/llhttp.c" ] && [ -f "$llhttp_include/llhttp.h" ]; then return 0; fi
    done
    return 1
}

# llhttp: a library of its own in newer releases; before, the C sources inside node-llhttp.
setup_llhttp()
{
    if find_llhttp; then return 0; fi
    need_lists
    if [ -n "$(candidate libllhttp-dev)" ]; then install libllhttp-dev
    elif [ -n "$(candidate node-llhttp)" ]; then install node-llhttp
    else sh ./get-llhttp.sh
    fi
    find_llhttp || { say "llhttp is installed but not found"; exit 1; }
}

setup_node()
{
    command -v node >/dev/null || install nodejs
}

# Node and npm need not be apt's. Debian's npm is 380 packages of 27 MB in all: only where there is none, and something to fetch.
setup_oracles()
{
    modules=$(sh ./get-oracles.sh --cached)
    if [ -z "$modules" ]; then
        command -v npm >/dev/null || install npm
        modules=$(sh ./get-oracles.sh)
    fi
    mkdir -p "$out"
    ln -sfn "$modules" "$out/node_modules"
}

write_fragment()
{
    export PKG_CONFIG_PATH="$openssl_path"
    mkdir -p "$(dirname "$out")"
    {
        echo "DEPS_CFLAGS := $(pkg-config --cflags $deps) ${llhttp_dir:+-I$llhttp_include}"
        echo "DEPS_LIBS := $(pkg-config ${openssl_path:+--static} --libs openssl) $(pkg-config --libs $deps)"
        echo "LLHTTP_DIR := $llhttp_dir"
    } >"$out.$$"
    mv "$out.$$" "$out"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
openssl_path= llhttp_dir=
eval "packages=\${packages_$purpose:?} tools=\${tools_$purpose:-}"
if command -v apt-get >/dev/null; then
    lock
    # shellcheck disable=SC2086
    install $packages
    if [ "$purpose" = build ]; then setup_openssl; setup_llhttp; fi
else
    elsewhere
fi
case $purpose in test | adapters) setup_node; setup_oracles ;; report) setup_node ;; esac
[ "$purpose" = build ] || exit 0
deps="openssl libuv libcjson libcbor sqlite3 zlib"
[ -n "$llhttp_dir" ] || deps="$deps libllhttp"
write_fragment
