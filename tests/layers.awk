# Reads every .c and .h: an include may not point up, a foreign header has one home, no two modules include each other.
# A module is x.h and x.c. tests/ may include everything; nobody includes tests/.
BEGIN {
    pure = "common/base common/codec common/crypto common/ace"
    may["common/codec"] = may["common/crypto"] = may["common/store"] = "common/base"
    may["common/ace"] = may["common/net"] = "common/base common/codec common/crypto"
    may["as"] = may["broker"] = pure " common/store"
    may["client"] = pure
    may["scenarios"] = pure " common/net common/store"
    may["bench"] = pure " client common/net"
    shell_may = "common/net"                        # the shells: main and wire; the client has a library and words
    home["openssl"] = "common/crypto common/net"
    home["llhttp"] = home["cJSON"] = home["cjson"] = home["cbor"] = "common/codec"
    home["sqlite3"] = "common/store"
    home["uv"] = "common/net scenarios bench"
    home["CUnit"] = "tests"
}
function dir(path)       { sub(/\/[^\/]*$/, "", path); return path }
function stem(path)      { sub(/\.[ch]$/, "", path); return path }
function bad(at, what)   { print at ": " what; failed = 1 }
function has(list, word) { return index(" " list " ", " " word " ") }
FNR == 1 { here = dir(FILENAME); shell = FILENAME ~ /^((as|broker|client)\/(main|wire)|broker\/(as_access|(as|trl)_link)|client\/(device|trust|drive|words|lines))\.[ch]$/; at = "" }
here ~ /^tests/ { next }
/^[ \t]*#[ \t]*include[ \t]*"/ {
    split($0, q, "\""); there = dir(q[2])
    if (there != here && !has(may[here], there) && !(shell && has(shell_may, there)))
        bad(FILENAME ":" FNR, here "/ may not include " q[2])
    if (stem(q[2]) != stem(FILENAME)) edge[stem(FILENAME), stem(q[2])] = FILENAME ":" FNR
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    split($0, q, "[<>/.]")
    if (q[2] in home && !has(home[q[2]], here) && !(shell && q[2] == "uv"))
        bad(FILENAME ":" FNR, "<" q[2] "> belongs to " home[q[2]])
}
END {
    do {                                            # peel off what leads nowhere or comes from nowhere: cycles remain
        split("", leaves); split("", enters); peeled = 0
        for (e in edge) { split(e, m, SUBSEP); leaves[m[1]]; enters[m[2]] }
        for (e in edge) { split(e, m, SUBSEP); if (!(m[2] in leaves) || !(m[1] in enters)) { delete edge[e]; peeled = 1 } }
    } while (peeled)
    for (e in edge) { split(e, m, SUBSEP); bad(edge[e], "on a cycle: " m[1] " includes " m[2]) }
    exit failed
}
