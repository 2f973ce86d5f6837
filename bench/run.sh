#!/bin/sh
# run.sh BIN_DIR OUT_DIR: what each thing costs, ours beside mosquitto in one run, rounds interleaved, medians. Machines are
# noisy: read the ratios. BENCH_ROUNDS (5) and BENCH_SCALE (1; a factor on all counts) make it longer.
set -eu
bin=$(cd "$1" && pwd) out=$2
rounds=${BENCH_ROUNDS:-5} scale=${BENCH_SCALE:-1} peer_port=18884
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
pids=
trap 'kill $pids 2>/dev/null || true; wait' EXIT
trap 'exit 1' HUP INT TERM

fail() { echo "bench: $*" >&2; exit 1; }

# start NAME COMMAND...: in the background; ours print READY, which is awaited.
start()
{
    name=$1
    shift
    mkfifo "$out/$name.ready"
    "$@" >"$out/$name.ready" 2>"$out/$name.log" &
    pids="$pids $!"
    eval "pid_$name=$!"
    read -r line <"$out/$name.ready" || fail "$name did not start: $(tail -n 1 "$out/$name.log")"
    case $line in READY*) ;; *) fail "$name says: $line" ;; esac
}

stop()
{
    eval "pid=\$pid_$1"
    kill "$pid"
    wait "$pid" || true
    rm "$out/$1.ready"
}

start_peer()
{
    mosquitto=$(command -v mosquitto || echo /usr/sbin/mosquitto)
    openssl req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=localhost -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
        -keyout "$out/peer.key" -out "$out/peer.pem" 2>/dev/null
    cat >"$out/peer.conf" <<CONF
listener $peer_port 127.0.0.1
certfile $out/peer.pem
keyfile $out/peer.key
allow_anonymous true
max_queued_messages 0
max_inflight_messages 0
log_type error
log_type information
connection_messages false
user root
CONF
    mkfifo "$out/peer.ready"
    "$mosquitto" -c "$out/peer.conf" 2>"$out/peer.ready" &
    pid_peer=$!
    pids="$pids $pid_peer"
    exec 6<"$out/peer.ready"
    while read -r line <&6; do
        echo "$line" >>"$out/peer.log"
        case $line in *running*) return 0 ;; esac
    done
    fail "mosquitto did not start: $(tail -n 1 "$out/peer.log")"
}

rate() { sed -n 's/.*"rate":\([0-9.]*\).*/\1/p'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
ours() { "$bin/ace-bench" "$@" --config "$out/demo/sensor.json"; }
peers() { ours "$@" --port $peer_port --cafile "$out/peer.pem"; }
scaled() { awk "BEGIN { print int($1 * $scale) }"; }

# row WHAT UNIT OURS PEERS: two commands that print a figure; PEERS may be empty.
row()
{
    : >"$out/ours" >"$out/peers"
    for round in $(seq "$rounds"); do
        eval "$3" >>"$out/ours"
        [ -z "$4" ] || eval "$4" >>"$out/peers"
    done
    a=$(median <"$out/ours") b=
    [ -z "$4" ] || b=$(median <"$out/peers")
    [ "$(wc -l <"$out/ours")" = "$rounds" ] || fail "$1: no figure"
    awk -v w="$1" -v u="$2" -v a="$a" -v b="$b" 'BEGIN {
        printf "%-34s %10.1f %10s %7s  %s\n", w, a, b == "" ? "-" : sprintf("%.1f", b), b == "" ? "-" : sprintf("%.2f", a / b), u }'
}

# held PID COMMAND...: KiB of resident memory that a held connection costs the process.
held()
{
    pid=$1
    shift
    mkfifo "$out/hold" "$out/held"
    before=$(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")
    "$@" <"$out/hold" >"$out/held" &
    exec 8>"$out/hold" 7<"$out/held"
    read -r line <&7
    [ "$line" = HELD ] || fail "hold: $line"
    after=$(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")
    exec 8>&-
    wait $!
    exec 7<&-
    rm "$out/hold" "$out/held"
    awk "BEGIN { print ($after - $before) / $holds }"
}

"$bin/ace-scenarios" demo "$out/demo" >/dev/null
start as "$bin/ace-as" -c "$out/demo/as.json"
start broker "$bin/ace-broker" -c "$out/demo/broker.json"
start_peer
connects=$(scaled 400) messages=$(scaled 50000) fans=$(scaled 2000) holds=$(scaled 500) tokens=$(scaled 200)

printf '%-34s %10s %10s %7s\n' "median of $rounds" ace-broker mosquitto ratio
once=$rounds rounds=1           # memory is measured on fresh servers, and hardly varies
row 'hold, no token' 'KiB per connection' "held $pid_broker ours hold --auth none --count $holds" "held $pid_peer peers hold --auth none --count $holds"
stop broker
start broker "$bin/ace-broker" -c "$out/demo/broker.json"
row 'hold, exporter proof' 'KiB per connection' "held $pid_broker ours hold --auth exporter --count $holds" ''
rounds=$once
for auth in none exporter challenge; do
    peer=; [ $auth != none ] || peer="peers connect --auth none --count $connects | rate"
    row "connect, $auth" 'connections/s' "ours connect --auth $auth --count $connects | rate" "$peer"
done
row 'connect, challenge, Ed25519' 'connections/s' "ours connect --auth challenge --pop-key ed25519 --count $connects | rate" ''
for qos in 0 1 2; do
    row "publish QoS $qos, one subscriber" 'messages/s' \
        "ours publish --auth exporter --qos $qos --parallel 200 --count $messages | rate" \
        "peers publish --auth none --qos $qos --parallel 200 --count $messages | rate"
done
row 'publish QoS 0, 50 subscribers' 'messages/s' \
    "ours publish --auth exporter --subscribers 50 --parallel 100 --count $fans | rate" \
    "peers publish --auth none --subscribers 50 --parallel 100 --count $fans | rate"
for key in hs256 ed25519; do
    row "token, $key" 'tokens/s' "ours token --pop-key $key --count $tokens | rate" ''
done
