#!/bin/sh
# Does Wireshark read what a run leaves? Plays some scenarios, gives each wire.pcap with its keys.log to tshark, and looks for what must
# be in it. Exit status 0: all of it is there.
#   evidence.sh RUNNER DIR      DIR is made anew; run by `make test-evidence`
set -eu
runner=$1 dir=$2
rm -rf "$dir"
mkdir -p "$dir/scenarios"
dir=$(cd "$dir" && pwd)
cp -r scenarios/*.tsv scenarios/flows scenarios/page "$dir/scenarios"
runs=$dir/build/scenarios/runs
files=0 bad=0

complain() { echo "evidence: $*" >&2; bad=$((bad + 1)); }

play()
{
    "$runner" run "$@" --home "$dir/scenarios" >"$dir/said" 2>&1 || { cat "$dir/said"; exit 1; }
}

# read_with KEYS PCAP: a line per frame.
read_with()
{
    HOME=$dir tshark -o "tls.keylog_file:$1" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -r "$2" -T fields -E separator=';' \
        -e frame.number -e mqtt.msgtype -e http.request.method -e tls.app_data -e tls.handshake.type -e tls.alert_message -e tcp.srcport \
        -e tls.handshake.extensions.supported_version -e tls.handshake.version -e http.response.code -e _ws.malformed \
        -e tcp.analysis.flags -e tcp.checksum.status -e ip.checksum.status 2>>"$dir/tshark.err" ||
        complain "$2: tshark ends with status $?"
}

# report TEXT: the kinds of messages in it, MQTT packet types and HTTP methods; what TLS version the broker chose; what is amiss.
report()
{
    echo "$1" | awk -F';' '
        function kinds(list,   n, i, each) { n = split(list, each, ","); for (i = 1; i <= n; i++) seen[each[i]] }
        { kinds($2); kinds($3) }
        $5 == 2 || $5 ~ /^2,/    { if ($7 == 8883) seen["tls=" ($8 ? substr($8, 1, 6) : substr($9, 1, 6))] }
        $4 && !($2 $3 $5 $6 $10) { seen["closed-record-in-" $1] }
        $11 || $12               { seen["malformed-" $1] }
        $13 == 0 || $14 == 0     { seen["checksum-" $1] }
        END { for (k in seen) print k }'
}

# examine PCAP WANTED...
examine()
{
    pcap=$1 all=" $(report "$(read_with "${1%/*}/keys.log" "$1")" | tr '\n' ' ')"
    shift
    files=$((files + 1))
    case $pcap in *tls=1.2*) set -- "$@" tls=0x0303 ;; *tls=1.3*) set -- "$@" tls=0x0304 ;; esac
    for want; do
        case $all in *" $want "*) ;; *) complain "$pcap: no $want in$all" ;; esac
    done
    case $all in *closed* | *malformed* | *checksum*) complain "$pcap:$all" ;; esac
    all=" $(report "$(read_with /dev/null "$pcap")" | tr '\n' ' ')"
    case $all in *" $1 "*) complain "$pcap: can be read without its keys" ;; *closed-record*) ;; *) complain "$pcap: no record in$all" ;; esac
}

# examine_all SCENARIO LEAST WANTED...: all variants, of whoever is under test.
examine_all()
{
    scenario=$1 least=$2 before=$files
    shift 2
    play "$scenario" --evidence
    find "$runs/$scenario" -name wire.pcap | sort >"$dir/found"
    while read -r one; do examine "$one" "$@"; done <"$dir/found"
    [ $((files - before)) -ge "$least" ] || complain "$scenario: $((files - before)) captures, not $least"
}

# MQTT: 1 CONNECT, 2 CONNACK, 3 PUBLISH, 15 AUTH.
examine_all cwt/challenge 12 1 2 15 POST
examine_all cwt/authz-info 6 1 2 3
examine_all cwt/psk-token 2 1 2

# Where all is well and nobody asks, nothing is kept.
play cwt/challenge
[ -z "$(find "$runs/cwt/challenge" -name wire.pcap -o -path '*challenge*' -name keys.log)" ] || complain 'kept though nobody asked'

[ "$bad" = 0 ] || exit 1
echo "$files captures read by tshark with their keys, and none without"
