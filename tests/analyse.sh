#!/bin/sh
# analyse.sh FILE.c STAMP FLAGS...: clang-tidy and cppcheck over one file. Clean: makes STAMP, and beside it the
# list of headers it was clean with, so that `make check` looks again only at what changed.
set -eu
file=$1 stamp=$2 found=$2.out failed=
shift 2
mkdir -p "$(dirname "$stamp")"

clang-tidy --quiet "$file" -- "$@" >"$found.tidy" 2>&1 || failed=yes
sed -nE "s,^$PWD/(\./)?,,; /: (error|warning): /p" "$found.tidy" >"$found"
if [ -n "$failed" ] && [ ! -s "$found" ]; then cp "$found.tidy" "$found"; fi    # it did not even run

# Left to clang and the sanitizers, which follow a value further: leaks, uninitialised and null pointers, odd literals.
cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr -I. -Ibuild --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=memleak --suppress=uninitvar --suppress=nullPointerOutOfMemory \
    --suppress=internalAstError --suppress=normalCheckLevelMaxBranches \
    --template='{file}:{line}: {severity}: {message} [{id}]' "$file" >>"$found" 2>&1 || failed=yes

# What only `make fuzz` compiles must still compile.
case $file in tests/fuzz/*) gcc -fsyntax-only "$@" "$file" >>"$found" 2>&1 || failed=yes ;; esac

if [ -n "$failed" ] || [ -s "$found" ]; then
    cat "$found" >&2
    exit 1
fi
gcc -MM -MP -MT "$stamp" -MF "${stamp%.ok}.d" "$@" "$file"
touch "$stamp"
