#include "common/ace/trl.h"
#include "common/codec/text.h"
#include "tests/check.h"

/* RFC 9770: the list of revoked tokens on the wire. H1, H2: token hashes. */
#define H1 "5821010101010101010101010101010101010101010101010101010101010101010101"
#define H2 "5821010202020202020202020202020202020202020202020202020202020202020202"

static struct buf octets(const char *hex)
{
    struct buf out = { 0 };

    CHECK_ROW(hex_decode(span_str(hex), &out) == OK, hex);
    return out;
}

static bool is_hex(const struct buf *b, const char *hex)
{
    struct buf want = octets(hex);
    bool same = span_eq(buf_span(b), buf_span(&want));

    buf_clear(&want);
    return same;
}

/* Computed with another implementation of SHA-256 and base64url. */
static void names_tokens(void)
{
    static const struct row {
        const char *why, *token;
        enum trl_input how;
        const char *hash;
    } rows[] = {
        { "RFC 9770 3.2.2: its example, JSON", "32596f746e465a46456a72317a437369634d57704141", TRL_OF_TEXT, "016c96130f130ab0d6d158397e24d2bcc1c9a5e73ae081f6e983f1c7b545d24a4c" },
        { "RFC 9770 3.2.1: octets of its example, CBOR", "d08343a1010aa2044c53796d6d65747269633132", TRL_OF_OCTETS, "01639b777241b55083472fa7ef5ed1934433ed638250834aa777d3e2d1ddccee0c" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct buf token = octets(r->token);
        struct buf got = { 0 };
        uint8_t hash[TRL_HASH_SIZE];
        CHECK_ROW(trl_hash(buf_span(&token), r->how, hash) == OK, r->why);
        buf_add(&got, span(hash, sizeof hash));
        CHECK_ROW(is_hex(&got, r->hash), r->why);
        buf_clear(&got);
        buf_clear(&token);
    }
}

static void same_octets(void)
{
    static const struct row {
        const char *why, *wire;
        size_t full, count;
        bool has_cursor, is_null, more;
        int64_t cursor;
    } rows[] = {
        { "6: nothing is revoked", "a2008002f6", 0, 0, true, true, false, 0 },
        { "6: a server without cursors", "a10081" H1, 1, 0, false, false, false, 0 },
        { "8.1: two, with cursor", "a20082" H1 H2 "0205", 2, 0, true, false, false, 5 },
        { "8.2.1: no updates", "a3018002f603f4", 0, 0, true, true, false, 0 },
        { "8.2.3: updates were lost", "a3018002f603f5", 0, 0, true, true, true, 0 },
        { "8.2.2: one left, one joined", "a301828281" H1 "80828081" H2 "021a0001000003f5", 0, 2, true, false, true, 65536 },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct buf wire = octets(r->wire), again = { 0 };
        struct trl t;
        struct fault why = { 0 };
        CHECK_ROW(trl_read(buf_span(&wire), &t, &why) == OK, why.why);
        CHECK_ROW(t.full.n == r->full * TRL_HASH_SIZE && t.count == r->count, r->why);
        CHECK_ROW(t.has_cursor == r->has_cursor && t.cursor_is_null == r->is_null && t.more == r->more,
                  r->why);
        CHECK_ROW(t.cursor == r->cursor, r->why);
        CHECK_ROW(trl_write(&t, &again) == OK && span_eq(buf_span(&again), buf_span(&wire)), r->why);
        trl_clear(&t);
        for (size_t n = 0; n < wire.n; n++) /* every truncation */
            CHECK_ROW(trl_read(span(wire.p, n), &t, NULL) == ERR_MALFORMED, r->why);
        buf_clear(&wire);
        buf_clear(&again);
    }
}

static void broken(void)
{
    static const struct row {
        const char *why, *wire;
        enum err want;
    } rows[] = {
        { "neither set", "a102f6", ERR_MALFORMED },
        { "both sets", "a2008001" "80", ERR_MALFORMED },
        { "no map", "80", ERR_MALFORMED },
        { "a set that is no array", "a100a0", ERR_MALFORMED },
        { "a hash that is text", "a10081" "6161", ERR_MALFORMED },
        { "a hash of another function", "a10081" "582102010101010101010101010101010101010101010101010101010101010101010101", ERR_MALFORMED },
        { "a short hash", "a10081" "430101" "01", ERR_MALFORMED },
        { "an update of one set", "a101818180", ERR_MALFORMED },
        { "an update that is no array", "a1018100", ERR_MALFORMED },
        { "a cursor below 0", "a2008002" "20", ERR_MALFORMED },
        { "a cursor that is text", "a2008002" "6161", ERR_MALFORMED },
        { "more that is a number", "a2018003" "01", ERR_MALFORMED },
        { "8.2: cursor without more", "a2018002" "f6", ERR_MALFORMED },
        { "unknown parameters are ignored", "a200800a" "01", OK },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct buf wire = octets(r->wire);
        struct trl t;
        CHECK_ROW(trl_read(buf_span(&wire), &t, NULL) == r->want, r->why);
        trl_clear(&t);
        buf_clear(&wire);
    }
}

/* A full set of `n` hashes, or `n` updates. */
static enum err read_many(size_t n, enum trl_kind kind)
{
    static const uint8_t one[TRL_HASH_SIZE] = { 1 };
    struct buf wire = { 0 };
    struct trl t;

    buf_u8(&wire, 0xa1);
    buf_u8(&wire, kind == TRL_FULL ? 0 : 1);
    buf_u8(&wire, 0x99);
    buf_u16(&wire, (uint16_t)n);
    for (size_t i = 0; i < n; i++) {
        if (kind == TRL_FULL) {
            buf_u16(&wire, 0x5821);
            buf_add(&wire, span(one, sizeof one));
        } else {
            buf_add(&wire, span("\x82\x80\x80", 3));
        }
    }
    enum err e = trl_read(buf_span(&wire), &t, NULL);
    trl_clear(&t);
    buf_clear(&wire);
    return e;
}

static void bounds(void)
{
    CHECK(read_many(TRL_MAX_HASHES, TRL_FULL) == OK);
    CHECK(read_many(TRL_MAX_HASHES + 1, TRL_FULL) == ERR_TOO_LARGE);
    CHECK(read_many(TRL_MAX_ENTRIES, TRL_DIFF) == OK);
    CHECK(read_many(TRL_MAX_ENTRIES + 1, TRL_DIFF) == ERR_TOO_LARGE);
}

static void problems(void)
{
    static const struct row {
        const char *why, *wire;
        struct trl_problem p;
    } rows[] = {
        { "5.1: its example's error and cursor", "a22077496e76616c696420706172616d657465722076616c756501a2000001182a", { TRL_INVALID_VALUE, true, false, 42 } },
        { "5.3: no update yet", "a22077496e76616c696420706172616d657465722076616c756501a2000001f6", { TRL_INVALID_VALUE, true, true, 0 } },
        { "5.3: cursor without diff", "a2207819496e76616c696420736574206f6620706172616d657465727301a10001", { TRL_INVALID_SET, false, false, 0 } },
        { "5.3: beyond the last", "a2207819" "4f7574206f6620626f756e6420637572736f722076616c7565" "01a10002", { TRL_OUT_OF_BOUND, false, false, 0 } },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct buf wire = octets(r->wire), got = { 0 };
        struct trl_problem p;
        CHECK_ROW(trl_problem_write(&r->p, &got) == OK && span_eq(buf_span(&got), buf_span(&wire)), r->why);
        CHECK_ROW(trl_problem_read(buf_span(&wire), &p, NULL) == OK, r->why);
        CHECK_ROW(p.error == r->p.error && p.has_cursor == r->p.has_cursor && p.cursor == r->p.cursor,
                  r->why);
        for (size_t n = 0; n < wire.n; n++)
            CHECK_ROW(trl_problem_read(span(wire.p, n), &p, NULL) == ERR_MALFORMED, r->why);
        buf_clear(&wire);
        buf_clear(&got);
    }
    struct trl_problem p;
    struct buf unknown = octets("a101a10003");
    CHECK(trl_problem_read(buf_span(&unknown), &p, NULL) == ERR_MALFORMED);
    buf_clear(&unknown);
}

CU_TestInfo trl_tests[] = {
    { "names tokens", names_tokens },
    { "same octets", same_octets },
    { "broken", broken },
    { "bounds", bounds },
    { "problems", problems },
    CU_TEST_INFO_NULL,
};
