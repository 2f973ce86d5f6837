#!/bin/bash
# Deliberately broken programs, each with one fault: the suite has to catch every one and to blame the rule that it breaks and no other.
#   twins/run.sh OBJECTS OUT [NAME]...     OBJECTS: where make put the sound programs; CC, FLAGS and LIBS come from make
# EVERY=4 in the environment: only one in four of them.
set -euo pipefail
objects=$1 out=$2
shift 2
only="$*"
failed=0 caught=0 number=0

# The objects of a program, the edited ones in place of their originals. The archive comes last, so that an edited member is not taken from it.
link_twin()
{
    local role=$1 dir=$2 source object parts=() o
    for o in "$objects/$role"/*.o; do parts+=("$o"); done
    while IFS= read -r source; do
        object=$dir/$(basename "${source%.c}").o
        # shellcheck disable=SC2086
        $CC $FLAGS -w -c -o "$object" "$dir/src/$source"
        parts=("${parts[@]/$objects\/${source%.c}.o/}")
        parts+=("$object")
    done < <(cd "$dir/src" && find . -name '*.c' | sed 's,^\./,,')
    # shellcheck disable=SC2086,SC2068
    $CC $FLAGS -o "$dir/bin/ace-$role" ${parts[@]} "$objects/libcommon.a" $LIBS
}

# A place of its own: programs, rules and flows, and the output of the run.
furnish()
{
    local role=$1 dir=$2 p
    mkdir -p "$dir/bin" "$dir/scenarios"
    for p in as broker client scenarios; do cp -f "$objects/bin/ace-$p" "$dir/bin/ace-$p"; done
    rm "$dir/bin/ace-$role"
    for p in "$PWD"/scenarios/*.tsv "$PWD"/scenarios/flows "$PWD"/scenarios/page; do ln -sfn "$p" "$dir/scenarios/"; done
}

blamed()
{
    grep -o '"id":"R-[A-Z0-9-]*","level":"[^"]*","verdict":"\(fail\|warn\|note\)"' "$1" | sed 's/"id":"\(R-[^"]*\)".*/\1/' | sort -u || true
}

# Each rule that is blamed must be among those that the twin says it breaks, and the first of those must be blamed.
judge()
{
    local name=$1 dir=$2 main wrong breaks
    breaks=$(cat "$dir/breaks")
    main=${breaks%% *}
    wrong=$(comm -23 <(blamed "$dir/build/scenarios/report.json") <(tr ' ' '\n' <<<"$breaks" | sort -u) | paste -sd' ')
    if ! blamed "$dir/build/scenarios/report.json" | grep -qx "$main"; then
        echo "NOT CAUGHT  $name: $(cat "$dir/title") ($main); blamed: $(blamed "$dir/build/scenarios/report.json" | paste -sd' ')"
    elif [ -n "$wrong" ]; then
        echo "MISBLAMED   $name: $(cat "$dir/title") ($main): also blamed: $wrong"
    else
        echo "caught      $name: $(cat "$dir/title") ($main)"
        return 0
    fi
    return 1
}

play()
{
    local role=$1 dir=$2 status=0
    rm -rf "$dir/build"
    "$dir/bin/ace-scenarios" run --brief --jobs 6 --under "$role" >"$dir/out.txt" 2>&1 </dev/null || status=$?
    [ -f "$dir/build/scenarios/report.json" ] || { echo "NO REPORT   $dir (exit $status)"; tail -n 5 "$dir/out.txt"; return 1; }
}

for list in twins/*.twins; do
    role=$(basename "$list" .twins)
    mkdir -p "$out/$role"
    awk -v out="$out/$role" -v only="$only" -f twins/apply.awk "$list"
    while read -r name; do
        if [ -n "$only" ] && [[ " $only " != *" $name "* ]]; then continue; fi
        number=$((number + 1))
        if [ $((number % ${EVERY:-1})) != 0 ]; then continue; fi
        dir=$PWD/$out/$role/$name
        furnish "$role" "$dir"
        link_twin "$role" "$dir"
        if play "$role" "$dir" && judge "$role/$name" "$dir"; then caught=$((caught + 1)); else failed=$((failed + 1)); fi
        rm -rf "$dir/bin" "$dir/build/scenarios/runs"
    done < <(sed -n 's/^twin //p' "$list")
done
echo "$caught twins caught, $failed not"
[ "$failed" = 0 ]
