#include "scenarios/sut.h"

#include "tests/check.h"
#include "tests/programs_bed.h"

#include <stdlib.h>
#include <unistd.h>

/* SUT files, and addresses. */

static const char one_certificate[] = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";

struct bed {
    char dir[32], path[64];
    struct sut sut;
    struct buf message;
};

static enum err read_text(struct bed *b, const char *text)
{
    file_put(b->dir, "x.json", text);
    return sut_read(b->path, &b->sut, &b->message);
}

static void bed_open(struct bed *b)
{
    *b = (struct bed){ .dir = "/tmp/ace-sut-XXXXXX" };
    CU_ASSERT_FATAL(mkdtemp(b->dir) != NULL);
    snprintf(b->path, sizeof b->path, "%s/x.json", b->dir);
    file_put(b->dir, "ca.pem", one_certificate);
    file_put(b->dir, "x.mjs", "");
}

static void bed_close(struct bed *b)
{
    static const char *const names[] = { "ca.pem", "x.mjs" };
    char path[64];

    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", b->dir, names[i]);
        unlink(path);
    }
    unlink(b->path);
    CHECK(rmdir(b->dir) == 0);
    sut_clear(&b->sut);
    buf_clear(&b->message);
}

static void started(void)
{
    struct bed b;
    struct buf word = { 0 }, known = { 0 };
    const struct sut_places places = { "/r/broker.json", "/r", "/b" };

    bed_open(&b);
    CHECK(read_text(&b,
                    "{\"role\":\"broker\",\"name\":\"Moss\",\"lacks\":[\"psk\"],\"known\":\"x.known\","
                    "\"settings\":true,"
                    "\"start\":[\"node\",\"{here}/x.mjs\",\"--c={config}\",\"{dir}{bin}{else}\"]}") == OK);
    CHECK(b.sut.role == ROLE_BROKER && strcmp(b.sut.name, "Moss") == 0 && b.sut.starts == 4 &&
          b.sut.settings);
    buf_format(&known, "%s/x.known", b.dir);
    CHECK(strcmp(b.sut.known, buf_cstr(&known)) == 0);
    for (size_t i = 0; i < b.sut.starts; i++) {
        buf_u8(&word, ' ');
        sut_word(&b.sut, i, &places, &word);
    }
    buf_truncate(&known, 0);
    buf_format(&known, " node %s/x.mjs --c=/r/broker.json /r/b{else}", b.dir);
    CHECK(strcmp(buf_cstr(&word), buf_cstr(&known)) == 0);
    CHECK(!(b.sut.features & sut_feature("psk")) && b.sut.features & sut_feature("rpk"));
    CHECK(!(b.sut.features & sut_feature("clock")) && sut_feature("clock"));
    buf_clear(&word);
    buf_clear(&known);
    bed_close(&b);
}

static void features(void)
{
    struct bed b;

    bed_open(&b);
    CHECK(read_text(&b,
                    "{\"role\":\"as\",\"name\":\"A\",\"start\":[\"a\"],\"features\":[\"jwt\",\"clock\"]}") ==
          OK);
    CHECK(b.sut.features == (sut_feature("jwt") | sut_feature("clock")) && !b.sut.known && !b.sut.settings);
    bed_close(&b);
}

static const struct wrong {
    const char *text, *why;
} wrongs[] = {
    { "{\"name\":\"x\",\"start\":[\"x\"]}", "role" },
    { "{\"role\":\"server\",\"name\":\"x\",\"start\":[\"x\"]}", "broker" },
    { "{\"role\":\"as\",\"name\":\"x\"}", "either start is wanted, or address and trust" },
    { "{\"role\":\"as\",\"name\":\"x\",\"start\":[\"x\"],\"address\":\"h:1\"}", "either start" },
    { "{\"role\":\"as\",\"name\":\"x\",\"address\":\"h:1\"}", "address and trust" },
    { "{\"role\":\"as\",\"name\":\"x\",\"start\":[]}", "a list of 1 to 16 words" },
    { "{\"role\":\"as\",\"name\":\"x\",\"start\":\"x\"}", "a list of 1 to 16 words" },
    { "{\"role\":\"as\",\"name\":\"x\",\"start\":[1]}", "a word is wanted" },
    { "{\"role\":\"as\",\"name\":\"x\",\"start\":[\"x\"],\"lacks\":[\"pks\"]}",
      "unknown feature pks; nearest: psk" },
    { "{\"role\":\"as\",\"name\":\"x\",\"start\":[\"x\"],\"features\":\"psk\"}",
      "a list of features is wanted" },
    { "{\"role\":\"as\",\"name\":\"x\",\"start\":[\"x\"],\"lack\":[]}", "lacks" },
    { "{\"role\":\"as\",\"name\":\"x\",\"address\":\"h:1\",\"trust\":\"none.pem\"}",
      "none.pem: No such file" },
    { "{\"role\":\"as\",\"name\":\"x\",\"address\":\"h:1\",\"trust\":\"x.json\"}", "no certificate in PEM" },
    { "{\"role\":\"as\",\"name\":\"x\",\"address\":\"h:0\",\"trust\":\"ca.pem\"}", "host:port is wanted" },
};

static void refusals(void)
{
    const struct wrong *w;
    struct bed b;

    bed_open(&b);
    for (EACH_ROW(w, wrongs)) {
        buf_truncate(&b.message, 0);
        CHECK_ROW(read_text(&b, w->text) != OK, w->text);
        CHECK_ROW(strstr(buf_cstr(&b.message), w->why) != NULL, buf_cstr(&b.message));
        CHECK_ROW(b.sut.name == NULL && b.sut.starts == 0, "nothing is left");
    }
    bed_close(&b);
}

static const struct place_row {
    const char *text, *host;
    uint16_t port; /* 0: refused */
} place_rows[] = {
    { "broker.example:8883", "broker.example", 8883 },
    { "[::1]:65535", "[::1]", 65535 },
    { "1883", "127.0.0.1", 1883 },
    { "h:65536", "", 0 },
    { "h:", "", 0 },
    { "h", "", 0 },
    { ":1", "", 0 },
    { "h:1x", "", 0 },
    { "h:-1", "", 0 },
};

static void addresses(void)
{
    const struct place_row *r;
    struct bed b;
    char ca[64];

    bed_open(&b);
    snprintf(ca, sizeof ca, "%s/ca.pem", b.dir);
    for (EACH_ROW(r, place_rows)) {
        struct sut_address at = { ROLE_BROKER, r->text, ca };
        enum err e = sut_at(&at, &b.sut, &b.message);
        CHECK_ROW((e == OK) == (r->port != 0), r->text);
        if (e == OK)
            CHECK_ROW(strcmp(b.sut.host, r->host) == 0 && b.sut.port == r->port && b.sut.starts == 0,
                      r->text);
        CHECK_ROW(e != OK || span_is(b.sut.trust, one_certificate), r->text);
        CHECK_ROW(e != OK || !(b.sut.features & sut_feature("public-topics")), "nobody said that it has any");
        sut_clear(&b.sut);
    }
    bed_close(&b);
}

CU_TestInfo sut_tests[] = {
    { "a file says how it is started, and what it lacks", started },
    { "or all that it can", features },
    { "a file that does not hold together is told so by place", refusals },
    { "addresses", addresses },
    CU_TEST_INFO_NULL,
};
