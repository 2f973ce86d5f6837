#!/bin/sh
# Is what the runner says of its runs fit for those who read it: validators, CI servers, terminals, and people with a browser?
#   report.sh RUNNER DIR REPORT_DIR SHOTS_DIR    DIR is made anew; REPORT_DIR: of a whole run; by `make test-report`
set -eu
runner=$1 dir=$2 whole=$3 shots=$4
rm -rf "$dir"
mkdir -p "$dir/scenarios"
dir=$(cd "$dir" && pwd)
cp -r scenarios/*.tsv scenarios/page tests/flows "$dir/scenarios"
out=$dir/build/scenarios
bad=0

complain() { echo "report: $*" >&2; bad=$((bad + 1)); }

# run STATUS ARGUMENT...: what it writes is in $dir/said and $dir/complaints.
run()
{
    want=$1 status=0
    shift
    "$runner" run --home "$dir/scenarios" "$@" >"$dir/said" 2>"$dir/complaints" || status=$?
    [ "$status" = "$want" ] || complain "run $*: status $status, not $want: $(tail -n 3 "$dir/said" "$dir/complaints")"
}
# says COUNT PATTERN [FILE]: so many lines match.
says()
{
    n=$(grep -c -e "$2" "${3:-$dir/said}" || true)
    [ "$n" = "$1" ] || complain "$n lines with $2, not $1: $(tail -n 40 "${3:-$dir/said}")"
}
valid()
{
    python3 -W ignore -m jsonschema -i "$1/report.json" docs/report.schema.json >"$dir/schema" 2>&1 || complain "$1/report.json: $(head -c 2000 "$dir/schema")"
    xmllint --noout --schema tests/junit.xsd "$1/junit.xml" 2>"$dir/schema" || complain "$1/junit.xml: $(head -n 5 "$dir/schema")"
    xmllint --noout "$1/badge.svg" || complain "$1/badge.svg is no XML"
}

# Validators can fail.
refuses()
{
    mkdir -p "$dir/spoilt"
    sed 's/"version":1/"version":2/' "$out/report.json" >"$dir/spoilt/report.json"
    ! python3 -W ignore -m jsonschema -i "$dir/spoilt/report.json" docs/report.schema.json >/dev/null 2>&1 || complain 'the JSON schema takes another version'
    sed 's/ errors="[0-9]*"//' "$out/junit.xml" >"$dir/spoilt/junit.xml"
    ! xmllint --noout --schema tests/junit.xsd "$dir/spoilt/junit.xml" 2>/dev/null || complain 'the JUnit schema takes a suite without errors'
}

files()
{
    run 1 --seed 5
    says 1 '^seed 5$'
    valid "$out"
    refuses
    grep -q 'fill="#b3261e"' "$out/badge.svg" || complain 'the badge is not red'
}

programs()
{
    run 1 --tap
    says 1 '^TAP version 14$'
    says 1 '^1\.\.8$'
    says 4 '^ok [1-8] - right/hint '
    says 4 '^not ok [1-8] - wrong/welcome '
    says 4 '^    - check: .*CONNACK reason=0x00'
    says 1 '4 passed, 4 failed' "$dir/complaints"
    GITHUB_ACTIONS=true run 1
    says 1 '^::error file=.*flows/figures.flow,line=16,title=wrong/welcome broker tls=1.3::broker -> client CONNACK reason=0x00: expected 0x00, got 135 (0x87) R-DISC-01$'
    GITHUB_ACTIONS=false run 1
    says 0 '^::'
}

again()
{
    run 1 --only-failed
    says 1 '^0 passed, 4 failed'
    run 1 'wrong/*' --only-failed --under broker
    says 1 '^0 passed, 2 failed'
    run 0 'right/*' --repeat 2 --seed 7
    says 1 '^round 2 of 2$'
    says 1 '^seed 8$'
    run 0 --only-failed
    says 1 '^nothing to run again$'
    run 1 'wrong/*' --repeat 3
    says 1 '^round '
    run 2 --repeat 0
    run 2 --seed x
    rm -rf "$out"
    run 2 --only-failed
    says 1 'report.json' "$dir/complaints"
}

# The command that is printed repeats the run.
repeats()
{
    run 1 --patience 2 --out "$dir/an out"
    line=$(sed -n "s/^ *ace-scenarios \\(run wrong.*--under broker .*--patience 2.* --out '.*'\\)\$/\\1/p" "$dir/said" | head -n 1)
    [ -n "$line" ] || complain 'no command that repeats a run'
    status=0
    rm -rf "$dir/an out"
    sh -c "'$runner' $line" >"$dir/said" 2>&1 || status=$?
    [ "$status" = 1 ] || complain "$line: status $status"
    says 1 '^0 passed, 1 failed'
    [ -f "$dir/an out/report.json" ] || complain "$line: another folder"
}

# on_terminal VARIABLE=VALUE...: bytes that a terminal gets.
on_terminal() { env -u CI -u NO_COLOR TERM=xterm "$@" script -qec "$runner run 'right/*' --home $dir/scenarios" /dev/null </dev/null; }
terminals()
{
    run 0 'right/*'
    ! grep -q "$(printf '\033')\|$(printf '\r')" "$dir/said" || complain 'colours or progress where there is no terminal'
    on_terminal A=1 >"$dir/said"
    grep -q "$(printf '\033\[32m')PASS" "$dir/said" || complain 'no colour on a terminal'
    grep -q "$(printf '\r')[0-9]* of 4 runs" "$dir/said" || complain 'no progress on a terminal'
    on_terminal NO_COLOR=1 >"$dir/said"
    ! grep -q "$(printf '\033')" "$dir/said" || complain 'colours in spite of NO_COLOR'
}

# Installed elsewhere it finds what it reads, and writes where it is called.
installed()
{
    make -s --no-print-directory install DESTDIR="$dir/root" PREFIX=/opt/ace
    mkdir "$dir/elsewhere"
    (cd "$dir/elsewhere" && "$dir/root/opt/ace/bin/ace-scenarios" run connect/exporter --under broker --brief >"$dir/said" 2>&1) || complain "installed: $(tail -n 3 "$dir/said")"
    [ -f "$dir/elsewhere/ace-report/report.html" ] || complain 'installed: no report where it was called'
}

files
programs
again
installed
repeats
run 1
node tests/browser/report.mjs "$out/report.html" "$shots/failing" || complain 'the page of a failing run'
terminals
valid "$whole"
node tests/browser/report.mjs "$whole/report.html" "$shots" || complain 'the page of a whole run'
[ "$bad" = 0 ] || exit 1
echo 'reports: valid, told to programs, repeated, read in a browser'
