#!/bin/sh
# The rules of the house that need no compiler; run by `make check`. Each violation is one line, file:line: what.
# Exit status 0: none. Static analysis of each file is tests/analyse.sh.
set -u
cd "$(dirname "$0")/.."
sources=$(find as broker client common scenarios tests -name '*.[ch]' | sort)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
violations=$work/violations

# blank code FILE...: the code without comments and literals, which may speak of what code may not do.
# blank literals FILE...: only literals go. Each line comes as file:line: text.
blank()
{
    awk -v keep="$1" '
    BEGIN { ARGV[1] = "" }
    FNR == 1 { comment = 0 }
    {
        out = ""
        for (i = 1; i <= length($0); i++) {
            c = substr($0, i, 1); two = substr($0, i, 2)
            if (comment)                      { if (two == "*/") { comment = 0; i++; out = out "*" } if (keep == "code") c = " " }
            else if (quote != "")             { if (c == "\\") { i++; out = out " " } else if (c == quote) quote = ""; c = " " }
            else if (two == "/*")             { comment = 1; i++; c = keep == "code" ? " " : two }
            else if (two == "//")             break
            else if (c == "\"" || c == "\047") { quote = c; c = " " }
            out = out c
        }
        quote = ""
        print FILENAME ":" FNR ": " out
    }' "$@"
}

layers()
{
    awk -f tests/layers.awk $sources
}

format()
{
    clang-format --version | grep -q 'version 14' || { echo "format: checked with clang-format 14 only, not with this one" >&2; return; }
    clang-format -n $sources 2>&1 | grep 'code should be clang-formatted' |
        awk -F: '!n[$1]++ { first[$1] = $2 } END { for (f in n) print f ":" first[f] ": " n[f] " places not as clang-format writes them" }'
}

# banned FILTER PATTERN WHY: lines of code in the files whose names match.
banned()
{
    grep -E "^($1)[^:]*:[0-9]+: " "$work/code" | sed -nE "/^[^:]*:[0-9]+: .*$2/s,^([^:]*:[0-9]+): .*,\1: $3,p"
}

calls()
{
    blank code $sources >"$work/code"
    banned '' '\bcJSON_GetObjectItem\(' 'cJSON_GetObjectItem ignores case: walk the members'
    banned '' '(->|\.)valueint\b' 'valueint saturates silently: use the double'
    banned '' '\b(strcpy|strcat|v?sprintf|gets|strtok|atoi|atol|alloca)\(' 'a call without bounds or without errors'
    banned 'common|as|broker|client|scenarios' '\b(rand|srand|random)\(' 'not random: use crypto/entropy'
    banned '' '\b(u|nano)?sleep\(' 'no sleeping: await the event'
    banned '' '\btypedef +(struct|union|enum)\b[^(]*$' 'no typedef of a struct'
}

marks()
{
    grep -nE '\b(TODO|FIXME|XXX|HACK)\b' $sources | sed 's/^\([^:]*:[0-9]*\):.*/\1: an open mark/'
}

# Functions over 60 lines, from their first to their last line.
lengths()
{
    ctags -x --_xformat='%F %n %{end} %N' --languages=C --langmap=C:.c.h --kinds-C=f --fields=+ne -f - $sources |
        awk '$3 - $2 + 1 > 60 { print $1 ":" $2 ": " $4 " has " $3 - $2 + 1 " lines, more than 60" }'
}

# Every requirement id in code and flows is one of the list, and the list names none twice. Tests of the flow language
# have lists of their own, in literals.
requirements()
{
    cut -f1 scenarios/requirements.tsv | sed 1d | sort | tee "$work/ids" | uniq -d | sed 's/^/scenarios\/requirements.tsv:1: twice: /'
    {
        grep -rn '' as broker client common scenarios docs README.md --include='*.[ch]' --include='*.flow' --include='*.md'
        blank literals $(echo "$sources" | grep '^tests/')
    } | awk '
        NR == FNR { known[$1]; next }
        {
            at = $0; sub(/^[^:]*:[0-9]+:/, "", at); at = substr($0, 1, length($0) - length(at))
            for (rest = $0; match(rest, /R-[A-Z][A-Z0-9]*-[0-9]+/); rest = substr(rest, RSTART + RLENGTH))
                if (!((id = substr(rest, RSTART, RLENGTH)) in known)) print at " no such requirement: " id
        }' "$work/ids" -
}

# A unit test that stands for a rule no peer can see is there: suite/name.
unit_tests()
{
    grep -v '^#' scenarios/unobservable.tsv | while IFS="$(printf '\t')" read -r id reason test; do
        [ "$test" = - ] || grep -qF "{ \"${test#*/}\"," "tests/${test%%/*}_test.c" ||
            echo "scenarios/unobservable.tsv:1: $id: no such unit test: $test"
    done
}

# Each defect of docs/defects.md has a test that names it.
defects()
{
    grep -oE '^\| L[0-9]+ ' docs/defects.md | tr -d '| ' | while read -r id; do
        grep -rqF "[$id]" tests --include='*.c' --include='*.mjs' || echo "docs/defects.md:1: no test says [$id]"
    done
}

# Each broken twin's edit fits the sources as they are.
twins()
{
    for list in twins/*.twins; do awk -v out=build/check/twins -f twins/apply.awk "$list" || true; done
}

for rule in layers format calls marks lengths requirements unit_tests defects twins; do
    $rule >>"$violations" || [ -s "$violations" ] || echo "check: the rule $rule could not run" >>"$violations"
done
sort -u "$violations" >&2
[ ! -s "$violations" ]
