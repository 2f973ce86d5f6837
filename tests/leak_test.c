#include "common/codec/text.h"
#include "scenarios/leak.h"
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>

/* A secret is found in every form it may be written in, wherever it stands; and nothing else is. */

static const char key[] =
    "\x01\xfe\x37\xfb\xff\xbf\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f\x41\x14\x93\x51\x55\x97\x61"
    "\x96\x9b\x71\xd7\x9f\x82\x18\xa3";

static void plain(struct buf *out, struct span s)
{
    buf_add(out, s);
}

static void upper_hex(struct buf *out, struct span s)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < s.n; i++) {
        buf_add(out, span(&digits[s.p[i] >> 4], 1));
        buf_add(out, span(&digits[s.p[i] & 15], 1));
    }
}

static void every_form(void)
{
    static const struct row {
        const char *form;
        void (*write)(struct buf *out, struct span s);
    } rows[] = { { "as it is", plain },
                 { "hex", hex_encode },
                 { "hex", upper_hex },
                 { "base64url", b64url_encode },
                 { "base64", b64_encode } };
    struct leaks *l = leaks_new();
    const struct row *r;

    CHECK(leaks_add(l, "symmetric key", span(key, 32)) == OK && leaks_count(l) == 1);
    for
        EACH(r, rows)
        {
            for (size_t before = 0; before < 7; before++) {
                struct buf octets = { 0 }, text = { 0 }, lines = { 0 };
                buf_add(&octets, span("before", before));
                buf_add(&octets, span(key, 32));
                buf_str(&octets, "behind");
                buf_str(&text, "first line\nsecond ");
                r->write(&text, buf_span(&octets));
                buf_str(&text, "\nthird\n");
                CHECK_ROW(leaks_find(l, "x.err", buf_span(&text), &lines) == 1, r->form);
                CHECK_ROW(strstr(buf_cstr(&lines), "x.err:2: holds a symmetric key, ") != NULL, r->form);
                CHECK_ROW(strstr(buf_cstr(&lines), r->form) != NULL || before > 0, r->form);
                buf_clear(&octets);
                buf_clear(&text);
                buf_clear(&lines);
            }
        }
    leaks_free(l);
}

/* A public key that stands in a token is no secret, the rest of the token is. */
static void spared(void)
{
    struct buf token = { 0 }, lines = { 0 };
    struct leaks *l = leaks_new();

    for (int i = 0; i < 4; i++) { /* its pieces end at each quarter: the second is the key's */
        buf_str(&token,
                i == 1 ? "a public key of thirty-two octets" + 1 : "some more octets of this token: ");
    }
    CHECK(token.n == 128);
    CHECK(leaks_spare(l, span_str("a public key of thirty-two octets" + 1)) == OK);
    CHECK(leaks_add(l, "token", buf_span(&token)) == OK);
    CHECK(leaks_find(l, "x", span_str("a public key of thirty-two octets"), &lines) == 0);
    CHECK(leaks_find(l, "x", buf_span(&token), &lines) == 1);
    buf_clear(&token);
    buf_clear(&lines);
    leaks_free(l);
}

static void located(void)
{
    static const char *at[64];
    struct leaks *l = leaks_new();
    struct buf text = { 0 };

    CHECK(leaks_add(l, "key", span(key, 32)) == OK);
    buf_str(&text, "<");
    b64url_encode(&text, span(key, 32));
    buf_str(&text, ">");
    CHECK(leaks_locate(l, buf_span(&text), at) == OK);
    CHECK(!at[0] && !at[text.n - 1]);
    /* The last character holds two bits of the key and four of nothing. */
    for (size_t i = 1; i < text.n - 2; i++) CHECK(at[i] && strcmp(at[i], "key") == 0);
    buf_clear(&text);
    leaks_free(l);
}

static void shapes(void)
{
    static const char text[] =
        "alg eyJhbGciOi a JWT: eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2FzIn0.sig end";
    size_t at = 0, n = 0;

    CHECK(leaks_shape(span_str(text), 0, &at, &n) && at == 22 && n == 52);
    CHECK(!leaks_shape(span_str(text), at + n, &at, &n));
    CHECK(!leaks_shape(span(NULL, 0), 0, &at, &n));
}

static void nothing_else(void)
{
    struct buf text = { 0 }, lines = { 0 };
    struct leaks *l = leaks_new();

    CHECK(leaks_find(l, "x", span_str("anything at all"), &lines) == 0);
    CHECK(leaks_add(l, "key", span(key, 32)) == OK);
    CHECK(leaks_add(l, "short", span("password", 8)) == OK && leaks_count(l) == 1);
    for (size_t cut = 0; cut < 32; cut++) { /* all but one octet */
        buf_add(&text, span(key, cut));
        buf_str(&text, "?");
        buf_add(&text, span(key + cut + 1, 31 - cut));
        buf_str(&text, " password\n");
    }
    CHECK(leaks_find(l, "x", buf_span(&text), &lines) == 0 && lines.n == 0);
    for (size_t n = 0; n < 32; n++) CHECK(leaks_find(l, "x", span(key, n), &lines) == 0);
    CHECK(leaks_find(l, "x", span(key, 32), &lines) == 1);
    buf_clear(&text);
    buf_clear(&lines);
    leaks_free(l);
}

static void half_a_token(void)
{
    struct buf token = { 0 }, lines = { 0 };
    struct leaks *l = leaks_new();

    for (unsigned i = 0, x = 1; i < 400; i++)
        buf_format(&token, "%c", 'A' + (int)((x = x * 1103515245U + 12345U) >> 16) % 26);
    CHECK(leaks_add(l, "token", buf_span(&token)) == OK);
    CHECK(leaks_find(l, "x", span(token.p, 200), &lines) == 1);
    CHECK(leaks_find(l, "x", span(token.p + 200, 200), &lines) == 1);
    CHECK(leaks_find(l, "x", span(token.p, 60), &lines) == 0); /* its header is no secret */
    buf_clear(&token);
    buf_clear(&lines);
    leaks_free(l);
}

static void many(void)
{
    struct buf lines = { 0 }, text = { 0 };
    struct leaks *l = leaks_new();
    char secret[32];

    for (unsigned i = 0; i < 2000; i++) {
        memset(secret, 0, sizeof secret);
        secret[0] = (char)(i & 255);
        secret[31] = (char)(i >> 8);
        CHECK(leaks_add(l, "key", span(secret, 32)) == OK);
        CHECK(leaks_add(l, "key", span(secret, 32)) == OK);
        if (i % 100 == 0) {
            buf_add(&text, span(secret, 32));
            buf_str(&text, "\n");
        }
    }
    CHECK(leaks_count(l) == 2000);
    CHECK(leaks_find(l, "x", buf_span(&text), &lines) == 20);
    buf_clear(&text);
    buf_clear(&lines);
    leaks_free(l);
}

CU_TestInfo leak_tests[] = {
    { "every form, at every place", every_form },
    { "nothing else", nothing_else },
    { "half a token", half_a_token },
    { "many", many },
    { "what everybody may know is spared", spared },
    { "where they stand", located },
    { "what looks like a token", shapes },
    CU_TEST_INFO_NULL,
};
