#include "as/config.h"
#include "broker/config.h"
#include "client/config.h"
#include "common/base/file.h"
#include "scenarios/suite.h"
#include "tests/check.h"

static const struct program {
    enum role role;
    enum err (*switches)(struct buf *out);
    void (*help)(struct buf *out);
} programs[] = {
    { ROLE_AS, as_config_switches, as_config_help },
    { ROLE_BROKER, broker_config_switches, broker_config_help },
    { ROLE_CLIENT, client_config_switches, client_config_help },
};

/* "| `name` | `default` | reading |" */
static void check_row(const char *doc, struct span name, const struct doc *s)
{
    struct buf row = { 0 }, fallback = { 0 };
    struct span reading;

    CHECK(doc_write_json(doc_get(s, "default"), &fallback) == OK &&
          doc_text(doc_get(s, "reading"), &reading));
    buf_format(&row, "\n| `%.*s` | `%s` | %.*s | ", (int)name.n, (const char *)name.p, buf_cstr(&fallback),
               (int)reading.n, (const char *)reading.p);
    CHECK_ROW(strstr(doc, buf_cstr(&row)) != NULL, buf_cstr(&row));
    buf_clear(&row);
    buf_clear(&fallback);
}

/* docs/switches.md has every switch, with its default and reading. */
static void table(void)
{
    const struct program *p;
    struct buf text = { 0 }, message = { 0 };

    CHECK(file_read("docs/switches.md", &text, &message) == OK);
    for (EACH_ROW(p, programs)) {
        struct buf json = { 0 };
        struct doc *d = NULL;
        struct span name;
        CHECK(p->switches(&json) == OK && doc_read_json(buf_span(&json), &doc_limits_file, &d, NULL) == OK);
        CHECK(doc_count(d) > 0);
        for (size_t i = 0; doc_key_text(d, i, &name); i++) check_row(buf_cstr(&text), name, doc_at(d, i));
        doc_free(d);
        buf_clear(&json);
    }
    buf_clear(&text);
    buf_clear(&message);
}

/* A `with` line of our flows names a key that its program has. */
static void keys_of_flows(void)
{
    struct suite s = { 0 };
    struct buf message = { 0 };
    const struct suite_folders files = { "scenarios", "scenarios/flows" };
    const struct program *p;
    size_t seen = 0;

    CHECK_ROW(suite_load(&files, &s, &message) == OK, buf_cstr(&message));
    for (EACH_ROW(p, programs)) {
        struct buf help = { 0 };
        buf_u8(&help, '\n');
        p->help(&help);
        for (size_t i = 0; i < s.flows.count; i++) {
            const struct scenario *sc = s.flows.scenario[i];
            for (size_t k = 0; k < sc->settings; k++) {
                struct buf line = { 0 };
                if (sc->setting[k].role != p->role) continue;
                buf_format(&line, "\n%s\n", sc->setting[k].key);
                CHECK_ROW(strstr(buf_cstr(&help), buf_cstr(&line)) != NULL, sc->setting[k].key);
                buf_clear(&line);
                seen++;
            }
        }
        buf_clear(&help);
    }
    CHECK(seen > 0);
    suite_clear(&s);
    buf_clear(&message);
}

CU_TestInfo switches_doc_tests[] = {
    { "docs/switches.md", table },
    { "keys of the flows", keys_of_flows },
    CU_TEST_INFO_NULL,
};
