# Shared by the set-up scripts: where things are kept, how they speak, and a view on the machine's next release.
OPENSSL_MIN=3.2
CACHE=${XDG_CACHE_HOME:-${HOME:-$(cd .. && pwd)/build}/.cache}/ace-mqtt

say() { echo "setup: $*" >&2; }

# What failed, with the end of its log ($work/log).
failed()
{
    say "failed: $*"
    tail -n 20 "$work/log" >&2
    exit 1
}

# One set-up at a time per user. The lock goes with the process, however it ends; children find it held.
lock()
{
    [ -z "${ACE_SETUP_LOCKED:-}" ] || return 0
    mkdir -p "$CACHE"
    exec 9>"$CACHE/lock"
    flock -n 9 || { say "waiting for another set-up to end"; flock 9; }
    export ACE_SETUP_LOCKED=yes
}

# Releases that carry what older ones lack: carries WHAT DISTRIBUTION.
carries()
{
    case $1-$2 in
    openssl-Debian) echo trixie ;;
    openssl-Ubuntu) echo resolute questing ;;
    llhttp-Ubuntu) echo noble ;;            # later ones build a library from them, and drop the C sources
    esac
}

# next_release DIR TYPE WHAT: makes DIR an apt state of its own that sees the releases that carry WHAT (TYPE: deb or
# deb-src) on the mirrors this machine already uses, and sets $next to the apt options for it. Signatures stay required;
# nothing of the machine's own apt state is changed, no root is needed.
next_release()
{
    mkdir -p "$1/lists/partial" "$1/archives/partial"
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE)' 'Created-By: Packages' | sort -u |
    while read -r origin uri release; do
        case $release in *-backports* | *-proposed*) continue ;; esac
        case $release in *-*) pocket=-${release##*-} ;; *) pocket= ;; esac
        keyring=/usr/share/keyrings/$(echo "$origin" | tr '[:upper:]' '[:lower:]')-archive-keyring.gpg
        components=main; [ "$origin" = Debian ] || components='main universe'
        for newer in $(carries "$3" "$origin"); do
            echo "$2 [signed-by=$keyring] $uri $newer$pocket $components"
        done
    done | sort -u >"$1/sources.list"
    [ -s "$1/sources.list" ] || return 1
    next="-q -o Dir::Etc::sourcelist=$1/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::Lists=$1/lists
        -o Dir::State::status=/dev/null -o Dir::Cache=$1 -o APT::Sandbox::User=root -o Acquire::Retries=3"
    # shellcheck disable=SC2086
    apt-get $next update >"$work/log" 2>&1 || failed "apt-get update for a newer release"
}
