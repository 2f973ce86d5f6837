# Writes the edited sources of each twin of a .twins file: OUT/NAME/src/PATH, with OUT/NAME/title and OUT/NAME/breaks beside. An edit is a
# group of lines as they stand in the source ("-"), and what stands there instead ("+"); the group must be found exactly once.
#   awk -v out=OUT [-v only=NAME] -f twins/apply.awk twins/broker.twins
function die(what) { print FILENAME ":" FNR ": " what > "/dev/stderr"; failed = 1; exit 1 }
function note(what, text,   path) { path = out "/" name "/" what; print text > path; close(path) }
function wanted() { return only == "" || index(" " only " ", " " name " ") }
function quote(s) { gsub(/'/, "'\\''", s); return "'" s "'" }

function read_source(   path, line) {
    path = out "/" name "/src/" source
    if ((getline line < path) < 0) path = source
    close(path)
    lines = 0
    while ((getline line < path) > 0) text[++lines] = line
    close(path)
    if (lines == 0) die(name ": no file " source)
}

function matches(at,   i) {
    for (i = 1; i <= olds; i++) if (text[at + i - 1] != old[i]) return 0
    return 1
}

function edit(   at, found, i, path, made) {
    if (source == "" || !wanted()) { source = ""; return }
    if (olds == 0) die(name ": nothing to find in " source)
    read_source()
    for (at = 1; at + olds - 1 <= lines; at++) if (matches(at)) { found = at; made++ }
    if (made != 1) die(name ": found " made + 0 " times in " source ": " old[1])
    path = out "/" name "/src/" source
    system("mkdir -p $(dirname " quote(path) ")")
    printf "" > path
    for (i = 1; i < found; i++) print text[i] > path
    for (i = 1; i <= news; i++) print fresh[i] > path
    for (i = found + olds; i <= lines; i++) print text[i] > path
    close(path)
    source = ""
}

/^#/ || /^$/ { next }
/^twin /     { edit(); name = $2; if (name in seen) die("twice: " name); seen[name]; if (wanted()) system("rm -rf " quote(out "/" name) " && mkdir -p " quote(out "/" name)); next }
/^title /    { if (wanted()) note("title", substr($0, 7)); next }
/^breaks /   { if (wanted()) note("breaks", substr($0, 8)); next }
/^in /       { edit(); source = $2; olds = news = 0; next }
/^-/         { if (news) { s = source; edit(); source = s; olds = news = 0 } old[++olds] = substr($0, 2); next }
/^\+/        { fresh[++news] = substr($0, 2); next }
             { die("neither twin, title, breaks, in, - nor +: " $0) }
END          { if (!failed) edit(); exit failed }
