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
    { "{\"role\":\"as\",\"name\":\"x\\u001b[2J\",\"start\":[\"x\"]}",
      "name: one line without control characters is wanted" },
    { "{\"role\":\"as\",\"name\":\"x\",\"start\":[\"x\"],\"lacks\":[\"pks\"]}",
      "unknown feature pks; nearest: psk" },
    { "{\"role\":\"as\",\"name\":\"x\",\"start\":[\"x\"],\"features\":\"psk\"}",
      "a list of features is wanted" },
    { "{\"role\":\"as\",\"name\":\"x\",\"start\":[\"x\"],\"lack\":[]}", "lacks" },
    { "{\"role\":\"as\",\"name\":\"x\",\"address\":\"h:1\",\"trust\":\"none.pem\"}",
      "none.pem: No such file" },
    { "{\"role\":\"as\",\"name\":\"x\",\"address\":\"h:1\",\"trust\":\"x.json\"}", "no certificate in PEM" },
    { "{\"role\":\"as\",\"name\":\"x\",\"start\":[\"x\"],\"token_path\":\"token\"}",
      "token: a path such as /token is wanted" },
    { "{\"role\":\"broker\",\"name\":\"x\",\"start\":[\"x\"],\"token_path\":\"/t\"}",
      "token_path is for an AS" },
    { "{\"role\":\"as\",\"name\":\"x\",\"address\":\"h:0\",\"trust\":\"ca.pem\"}",
      "host:port or host:port/path is wanted" },
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

static const struct endpoint_row {
    const char *text, *host, *path; /* NULL: refused */
    uint16_t port;
} endpoint_rows[] = {
    { "as.example:443", "as.example", "/token", 443 },
    { "as.example:443/oauth2/token", "as.example", "/oauth2/token", 443 },
    { "https://as.example:443/realms/a:b/token?c=d", "as.example", "/realms/a:b/token?c=d", 443 },
    { "[::1]:9443/token", "[::1]", "/token", 9443 },
    { "9443/t", "127.0.0.1", "/t", 9443 },
    { "as.example/token", NULL, NULL, 0 },
    { "http://as.example:80/token", NULL, NULL, 0 },
    { "as.example:443/a b", NULL, NULL, 0 },
    { "as.example:443/a#b", NULL, NULL, 0 },
};

/* Where the token endpoint of an AS is. Nobody else has one. */
static void endpoints(void)
{
    const struct endpoint_row *r;
    struct bed b;
    char ca[64];

    bed_open(&b);
    snprintf(ca, sizeof ca, "%s/ca.pem", b.dir);
    for (EACH_ROW(r, endpoint_rows)) {
        struct sut_address at = { ROLE_AS, r->text, ca };
        enum err e = sut_at(&at, &b.sut, &b.message);
        CHECK_ROW((e == OK) == (r->path != NULL), r->text);
        if (e == OK)
            CHECK_ROW(strcmp(b.sut.host, r->host) == 0 && b.sut.port == r->port &&
                          strcmp(b.sut.token_path, r->path) == 0,
                      r->text);
        sut_clear(&b.sut);
    }
    CHECK(sut_at(&(struct sut_address){ ROLE_BROKER, "h:1/token", ca }, &b.sut, &b.message) == ERR_MALFORMED);
    CHECK(read_text(&b,
                    "{\"role\":\"as\",\"name\":\"A\",\"start\":[\"a\"],\"token_path\":\"/oauth2/token\"}") ==
          OK);
    CHECK(strcmp(b.sut.token_path, "/oauth2/token") == 0);
    sut_clear(&b.sut);
    CHECK(read_text(&b, "{\"role\":\"as\",\"name\":\"A\",\"address\":\"h:1/x\",\"trust\":\"ca.pem\"}") == OK);
    CHECK(strcmp(b.sut.token_path, "/x") == 0);
    bed_close(&b);
}

static const struct folder_row {
    const char *name, *folder;
} folder_rows[] = {
    { "mosquitto", "mosquitto" },
    { "MQTT.js 5.1_a", "MQTT.js-5.1_a" },
    { "the broker at [::1]:8883", "the-broker-at-1-8883" },
    { "a/../b", "a-..-b" },
    { "..", "-.." },
    { ".hidden", "-.hidden" },
    { "$(x); 'y'", "-x-y" },
    { "/ /", "-" },
    { "\xC3\xA4-b", "\xC3\xA4-b" },
};

/* Nothing leads out of the folder, nor means anything to a shell. */
static void folders(void)
{
    const struct folder_row *r;

    for (EACH_ROW(r, folder_rows)) {
        struct buf out = { 0 };
        sut_folder(r->name, &out);
        CHECK_ROW(strcmp(buf_cstr(&out), r->folder) == 0, buf_cstr(&out));
        buf_clear(&out);
    }
}

CU_TestInfo sut_tests[] = {
    { "a file says how it is started, and what it lacks", started },
    { "or all that it can", features },
    { "a file that does not hold together is told so by place", refusals },
    { "addresses", addresses },
    { "where its report goes", folders },
    { "and paths of token endpoints", endpoints },
    CU_TEST_INFO_NULL,
};
