#include "common/codec/config.h"

#include <stddef.h>

#include "tests/check.h"

struct sample {
    char *listen, *secret, *note;
    int64_t packet, any;
    bool loud;
    int mode;
    const struct doc *clients;
};

#define AT(m) .offset = offsetof(struct sample, m)

/* clang-format off */
static const struct config_key keys[] = {
    { .name = "listen",        .kind = CONFIG_TEXT,   AT(listen),  .required = true, .doc = "address and port" },
    { .name = "secret",        .kind = CONFIG_TEXT,   AT(secret),  .secret = true, .doc = "shared with the AS" },
    { .name = "note",          .kind = CONFIG_TEXT,   AT(note),    .fallback = "\"none\"" },
    { .name = "limits.packet", .kind = CONFIG_INT,    AT(packet),  .low = 16, .high = 65536, .fallback = "1024",
      .reloadable = true, .doc = "bytes" },
    { .name = "limits.any",    .kind = CONFIG_INT,    AT(any),     .fallback = "-5" },
    { .name = "log.loud",      .kind = CONFIG_BOOL,   AT(loud), .reading = "A-1", .doc = "say more" },
    { .name = "mode",          .kind = CONFIG_CHOICE, AT(mode),    .choices = "anon|rpk|psk", .fallback = "\"rpk\"" },
    { .name = "clients",       .kind = CONFIG_DOC,    AT(clients), .fallback = "[]" },
};
/* clang-format on */

enum { KEYS = sizeof keys / sizeof *keys };

static void accepted(void)
{
    struct sample s = { 0 };
    struct config_file *f = NULL;
    struct buf message = { 0 };
    const char *text = "{ // all of it\n"
                       "  \"listen\": \"::1:8883\", \"secret\": \"s3cret\", \"note\": \"\",\n"
                       "  \"limits\": { \"packet\": 65536, \"any\": -9000 },\n"
                       "  \"log\": { \"loud\": true }, \"mode\": \"psk\",\n"
                       "  \"clients\": [ { \"id\": 1 } ]\n}";

    CHECK(config_read("a.json", span_str(text), keys, KEYS, &s, &f, &message) == OK);
    CHECK(message.n == 0);
    CHECK(s.listen && strcmp(s.listen, "::1:8883") == 0 && s.secret && strcmp(s.secret, "s3cret") == 0);
    CHECK(s.note && strcmp(s.note, "") == 0);
    CHECK(s.packet == 65536 && s.any == -9000 && s.loud && s.mode == 2 && doc_count(s.clients) == 1);
    config_where(f, doc_get(doc_at(s.clients, 0), "id"), &message);
    CHECK(strcmp(buf_cstr(&message), "a.json:5:24: ") == 0);
    config_free(f, keys, KEYS, &s);
    CHECK(s.listen == NULL && s.clients == NULL);
    buf_clear(&message);
}

static void fallbacks(void)
{
    struct sample s = { 0 };
    struct config_file *f = NULL;
    struct buf message = { 0 };

    CHECK(config_read("a.json", span_str("{\"listen\":\"x\"}"), keys, KEYS, &s, &f, &message) == OK);
    CHECK(s.secret == NULL && s.note && strcmp(s.note, "none") == 0);
    CHECK(s.packet == 1024 && s.any == -5 && !s.loud && s.mode == 1);
    CHECK(doc_kind(s.clients) == DOC_ARRAY && doc_count(s.clients) == 0);
    config_free(f, keys, KEYS, &s);
    config_free(NULL, keys, KEYS, &s);
    buf_clear(&message);
}

static void refused(void)
{
    static const struct row {
        const char *text, *message;
    } rows[] = {
        { "", "c.json:1:1: the document ends too early" },
        { "[]", "c.json:1:1: expected an object" },
        { "{\n  \"listen\": x}", "c.json:2:13: expected a value" },
        { "{\"listen\":\"a\",\n\"listen\":\"b\"}", "c.json:2:1: the same key twice" },
        { "{ /* no end", "c.json:1:3: the comment does not end" },
        { "{}", "c.json:1:1: listen: missing" },
        { "{\"lisen\": \"a\"}", "c.json:1:11: lisen: unknown key; did you mean listen?" },
        { "{\"Listen\": \"a\"}", "c.json:1:12: Listen: unknown key; did you mean listen?" },
        { "{\"listen\":\"a\",\"limit\":{}}", "c.json:1:23: limit: unknown key; did you mean limits?" },
        { "{\"limits\":{\n \"packt\":1}}", "c.json:2:10: limits.packt: unknown key; did you mean limits.packet?" },
        { "{\"limits\":{\"listen\":1}}", "c.json:1:21: limits.listen: unknown key" },
        { "{\"quite_other\":1}", "c.json:1:16: quite_other: unknown key" },
        { "{\"a\\u001b[2J\":1}", "c.json:1:15: a\\u001b[2J: unknown key" },
        { "{\"\":1}", "c.json:1:5: : unknown key" },
        { "{\"limits.packet\":64}",
          "c.json:1:18: limits.packet: unknown key; nested objects are not written with dots" },
        { "{\"limits\":64}", "c.json:1:11: limits: expected an object" },
        { "{\"listen\":null}", "c.json:1:11: listen: expected a string" },
        { "{\"listen\":8883}", "c.json:1:11: listen: expected a string" },
        { "{\"listen\":\"a\",\"limits\":{\"packet\":15}}",
          "c.json:1:34: limits.packet: expected an integer from 16 to 65536" },
        { "{\"listen\":\"a\",\"limits\":{\"packet\":65537}}",
          "c.json:1:34: limits.packet: expected an integer from 16 to 65536" },
        { "{\"listen\":\"a\",\"limits\":{\"packet\":64.0}}",
          "c.json:1:34: limits.packet: expected an integer from 16 to 65536" },
        { "{\"listen\":\"a\",\"limits\":{\"any\":\"7\"}}", "c.json:1:31: limits.any: expected an integer" },
        { "{\"listen\":\"a\",\"log\":{\"loud\":1}}", "c.json:1:29: log.loud: expected true or false" },
        { "{\"listen\":\"a\",\"mode\":\"rp\"}", "c.json:1:22: mode: expected one of anon|rpk|psk" },
        { "{\"listen\":\"a\",\"mode\":1}", "c.json:1:22: mode: expected one of anon|rpk|psk" },
        { "{\"listen\":\"a\",\"mode\":\"\"}", "c.json:1:22: mode: expected one of anon|rpk|psk" },
    }, *r;

    for (EACH_ROW(r, rows)) {
        struct sample s = { 0 };
        struct config_file *f = NULL;
        struct buf message = { 0 };
        CHECK_ROW(config_read("c.json", span_str(r->text), keys, KEYS, &s, &f, &message) == ERR_MALFORMED,
                  r->text);
        CHECK_ROW(strcmp(buf_cstr(&message), r->message) == 0, buf_cstr(&message));
        CHECK_ROW(f == NULL && s.listen == NULL && s.note == NULL, r->text);
        buf_clear(&message);
    }
}

static void bad_table(void)
{
    static const struct config_key wrong[] = {
        { .name = "a", .kind = CONFIG_TEXT, AT(listen), .fallback = "\"x\"" },
        { .name = "b", .kind = CONFIG_INT, AT(packet), .fallback = "12x" },
    };
    struct sample s = { 0 };
    struct config_file *f = NULL;
    struct buf message = { 0 };

    CHECK(config_read("d.json", span_str("{}"), wrong, 2, &s, &f, &message) == ERR_INTERNAL);
    CHECK(strstr(buf_cstr(&message), "b: its default: ") != NULL && s.listen == NULL);
    buf_clear(&message);
}

/* What is printed is a configuration again, except for the secrets. */
static void print(void)
{
    struct sample s = { 0 }, again = { 0 };
    struct config_file *f = NULL, *g = NULL;
    struct buf message = { 0 }, out = { 0 };

    CHECK(config_read("a", span_str("{\"listen\":\"x\",\"secret\":\"hunter2\",\"clients\":{\"k\":[1]}}"),
                      keys, KEYS, &s, &f, &message) == OK);
    config_print(keys, KEYS, &s, &out);
    CHECK(strcmp(buf_cstr(&out),
                 "{\n  \"listen\": \"x\",\n  \"secret\": \"(secret)\",\n  \"note\": \"none\",\n"
                 "  \"limits\": {\n    \"packet\": 1024,\n    \"any\": -5\n  },\n"
                 "  \"log\": {\n    \"loud\": false\n  },\n  \"mode\": \"rpk\",\n"
                 "  \"clients\": {\n    \"k\": [\n      1\n    ]\n  }\n}\n") == 0);
    CHECK(config_read("b", buf_span(&out), keys, KEYS, &again, &g, &message) == OK);
    CHECK(again.packet == 1024 && again.mode == 1 && strcmp(again.secret, "(secret)") == 0);
    config_free(f, keys, KEYS, &s);
    config_free(g, keys, KEYS, &again);
    buf_clear(&out);
    buf_clear(&message);
}

struct inner {
    char *id;
    int64_t age;
};

static const struct config_key inner_keys[] = {
    { .name = "id", .kind = CONFIG_TEXT, .offset = offsetof(struct inner, id), .required = true },
    { .name = "age", .kind = CONFIG_INT, .offset = offsetof(struct inner, age), .fallback = "7" },
};

static void object(void)
{
    static const struct row {
        const char *text, *told;
    } rows[] = {
        { "{\"listen\":\"x\",\"clients\":[{\"id\":\"a\"}]}", "" },
        { "{\"listen\":\"x\",\"clients\":[{\"ide\":\"a\"}]}", "e:1:33: ide: unknown key; did you mean id?" },
        { "{\"listen\":\"x\",\"clients\":[{}]}", "e:1:26: id: missing" },
        { "{\"listen\":\"x\",\"clients\":[3]}", "e:1:26: expected an object" },
    }, *r;
    const struct config_table table = { inner_keys, 2 };

    for (EACH_ROW(r, rows)) {
        struct sample s = { 0 };
        struct inner in = { 0 };
        struct config_file *f = NULL;
        struct buf message = { 0 };
        CHECK_ROW(config_read("e", span_str(r->text), keys, KEYS, &s, &f, &message) == OK, r->text);
        enum err e = config_object(f, doc_at(s.clients, 0), &table, &in, &message);
        CHECK_ROW((e == OK) == (*r->told == 0), r->text);
        CHECK_ROW(strcmp(buf_cstr(&message), r->told) == 0, buf_cstr(&message));
        if (e == OK) CHECK_ROW(strcmp(in.id, "a") == 0 && in.age == 7, r->text);
        config_object_clear(&table, &in);
        config_free(f, keys, KEYS, &s);
        buf_clear(&message);
    }
}

/* Secrets hide inside trees too. */
static void print_masks_trees(void)
{
    struct sample s = { 0 };
    struct config_file *f = NULL;
    struct buf message = { 0 }, out = { 0 };
    const char *text = "{\"listen\":\"x\",\"clients\":[{\"id\":\"a\",\"secret\":\"hunter2\"},{\"jwk\":{\"k\":"
                       "\"AAEC\",\"d\":\"BBBB\"}}]}";

    CHECK(config_read("f", span_str(text), keys, KEYS, &s, &f, &message) == OK);
    config_print(keys, KEYS, &s, &out);
    const char *shown = buf_cstr(&out);
    CHECK(strstr(shown, "\"a\"") && !strstr(shown, "hunter2") && !strstr(shown, "AAEC") &&
          !strstr(shown, "BBBB"));
    buf_clear(&out);
    buf_clear(&message);
    config_free(f, keys, KEYS, &s);
}

static void help(void)
{
    static const char *const parts[] = {
        "listen\n    text, required\n    address and port\n",
        "secret\n    text, secret\n    shared with the AS\n",
        "limits.packet\n    integer from 16 to 65536, default 1024, reloadable\n    bytes\n",
        "limits.any\n    integer, default -5\n",
        "mode\n    anon|rpk|psk, default \"rpk\"\n",
    };
    struct buf out = { 0 };

    config_help(keys, KEYS, &out);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        CHECK_ROW(strstr(buf_cstr(&out), parts[i]) != NULL, parts[i]);
    }
    buf_clear(&out);
}

static void switches(void)
{
    struct buf out = { 0 };

    CHECK(config_switches(keys, KEYS, &out) == OK);
    CHECK_ROW(strcmp(buf_cstr(&out),
                     "{\"log.loud\":{\"default\":null,\"reading\":\"A-1\",\"doc\":\"say more\"}}") == 0,
              buf_cstr(&out));
    buf_clear(&out);
}

CU_TestInfo config_tests[] = {
    { "switches", switches }, { "accepted", accepted },   { "fallbacks", fallbacks },
    { "refused", refused },   { "bad table", bad_table }, { "print", print },
    { "help", help },         { "object", object },       { "print masks trees", print_masks_trees },
    CU_TEST_INFO_NULL
};
