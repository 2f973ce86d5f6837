#include "broker/exis.h"
#include "common/ace/exi.h"
#include "common/codec/text.h"
#include "tests/broker_kit.h"

#include <stdlib.h>

/* Tokens with exi (RFC 9200 5.10.3): counted from when they are first seen, and ended by their numbers. */

static void begin(struct kit *k)
{
    kit_init(k);
    k->settings.authz_info = k->settings.trust.accept_exi = true;
    k->settings.expiry_grace = 0;
    k->settings.limits.pending_per_address = KIT_CONNS;
    kit_start(k);
}

static struct kit_connect with(struct buf *token, unsigned key)
{
    return (struct kit_connect){ .token = buf_span(token), .key = key };
}

/* [R-VAL-16] Shown again, a token gets no second time; connections end with the first. */
static void counts_once(void)
{
    struct kit k;

    begin(&k);
    struct buf token = kit_token(&k, 1, &(struct kit_connect){ .exi = 5, .number = 7 });
    struct kit_connect how = with(&token, 1);
    kit_pass(&k, 1000); /* nobody has shown it yet */
    kit_enter(&k, 1, &how);
    kit_pass(&k, 3);
    kit_enter(&k, 2, &how);
    kit_pass(&k, 1);
    CHECK_HEARD(&k, 2, "");
    kit_pass(&k, 1);
    CHECK_HEARD(&k, 1, "DISCONNECT 87; CLOSE");
    CHECK_HEARD(&k, 2, "DISCONNECT 87; CLOSE");
    kit_connect(&k, 3, &how);
    CHECK_HEARD(&k, 3, "CONNACK 87 hint; CLOSE");
    how.by = BY_CHALLENGE;
    kit_connect(&k, 4, &how);
    CHECK_HEARD(&k, 4, "CONNACK 87 hint; CLOSE");
    buf_clear(&token);
    kit_clear(&k);
}

/* [R-VAL-18] Ended with n: n itself, what is lower and was never seen, and what is lower and was. Not what is higher. */
static void ends_by_number(void)
{
    static const struct row {
        uint64_t number;
        const char *hears;
    } rows[] = { { 8, "CONNACK 87 hint; CLOSE" },
                 { 7, "CONNACK 87 hint; CLOSE" },
                 { 0, "CONNACK 87 hint; CLOSE" },
                 { 9, "CONNACK 00" },
                 { UINT64_MAX, "CONNACK 87 hint; CLOSE" } },
      *r;
    struct kit k;
    int conn = 3;

    begin(&k);
    kit_enter(&k, 1, &(struct kit_connect){ .exi = 5, .number = 8 });
    struct buf long_one = kit_token(&k, 2, &(struct kit_connect){ .exi = 500, .number = 6 });
    struct kit_connect how = with(&long_one, 2);
    kit_enter(&k, 2, &how);
    kit_pass(&k, 5);
    for (EACH_ROW(r, rows)) {
        kit_connect(&k, conn, &(struct kit_connect){ .exi = 500, .number = r->number });
        CHECK_HEARD(&k, conn++, r->hears);
    }
    kit_connect(&k, conn, &how);
    CHECK_HEARD(&k, conn, "CONNACK 87 hint; CLOSE");
    CHECK_HEARD(&k, 2, ""); /* its connection goes on for the time it was given */
    buf_clear(&long_one);
    kit_clear(&k);
}

/* A wrong proof is a token seen all the same. */
static void begins_when_seen(void)
{
    struct kit k;

    begin(&k);
    struct buf token = kit_token(&k, 1, &(struct kit_connect){ .exi = 5, .number = 1 });
    struct kit_connect how = with(&token, 1);
    how.wrong_proof = true;
    kit_connect(&k, 1, &how);
    CHECK_HEARD(&k, 1, "CONNACK 87; CLOSE");
    kit_pass(&k, 5);
    how.wrong_proof = false;
    kit_connect(&k, 2, &how);
    CHECK_HEARD(&k, 2, "CONNACK 87 hint; CLOSE");
    buf_clear(&token);
    kit_clear(&k);
}

/* Beyond the limit of four, the one that would end next ends now. */
static void bounded(void)
{
    struct kit k;

    begin(&k);
    struct buf first = kit_token(&k, 1, &(struct kit_connect){ .exi = 50, .number = 1 });
    struct kit_connect how = with(&first, 1);
    kit_enter(&k, 1, &how);
    for (int i = 2; i <= 4; i++) kit_enter(&k, i, &(struct kit_connect){ .exi = 60, .number = (uint64_t)i });
    kit_enter(&k, 5, &how);
    kit_enter(&k, 6, &(struct kit_connect){ .exi = 60, .number = 6 });
    kit_connect(&k, 7, &how);
    CHECK_HEARD(&k, 7, "CONNACK 87 hint; CLOSE");
    buf_clear(&first);
    kit_clear(&k);
}

/* Without the switch exi is no end. */
static void refused(void)
{
    struct kit k;

    begin(&k);
    k.settings.trust.accept_exi = false;
    kit_connect(&k, 1, &(struct kit_connect){ .exi = 50, .number = 1 });
    CHECK_HEARD(&k, 1, "CONNACK 87 hint; CLOSE");
    kit_clear(&k);
}

static void numbers(void)
{
    static const struct row {
        const char *why, *id;
        size_t n;
        enum err err;
        uint64_t number;
    } rows[] = {
        { "octets",              "ab\0\0\0\0\0\0\1\2", 10, OK, 258 },
        { "base64url of them",   "YWIAAAAAAAABAg",     14, OK, 258 },
        { "the largest",         "ab\xff\xff\xff\xff\xff\xff\xff\xff", 10, OK, UINT64_MAX },
        { "seven octets",        "ab\0\0\0\0\0\1\2",   9,  ERR_NOT_AUTHORIZED, 0 },
        { "nine",                "ab\0\0\0\0\0\0\0\1\2", 11, ERR_NOT_AUTHORIZED, 0 },
        { "another name",        "ac\0\0\0\0\0\0\1\2", 10, ERR_NOT_AUTHORIZED, 0 },
        { "another name, text",  "YWMAAAAAAAABAg",     14, ERR_NOT_AUTHORIZED, 0 },
        { "chance",              "4KFWuz8",            7,  ERR_NOT_AUTHORIZED, 0 },
        { "nothing",             "",                   0,  ERR_NOT_AUTHORIZED, 0 },
    }, *r;

    for (EACH_ROW(r, rows)) {
        uint64_t got = 0;
        CHECK_ROW(exi_number_read(span((const uint8_t *)r->id, r->n), span_str("ab"), &got) == r->err,
                  r->why);
        CHECK_ROW(r->err != OK || got == r->number, r->why);
    }
}

CU_TestInfo exis_tests[] = {
    { "a token is counted once", counts_once },
    { "lower numbers have ended", ends_by_number },
    { "counted when seen", begins_when_seen },
    { "bounded", bounded },
    { "not without the switch", refused },
    { "numbers in cti and jti", numbers },
    CU_TEST_INFO_NULL,
};
