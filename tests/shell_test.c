#include "common/base/shell.h"

#include "tests/check.h"
#include "tests/programs_bed.h"

static const struct row {
    const char *text, *word;
} rows[] = {
    { "pop=hs256,tls=1.3", "pop=hs256,tls=1.3" },
    { "/tmp/a_b-c.json", "/tmp/a_b-c.json" },
    { "", "''" },
    { "sp ace/c a.pem", "'sp ace/c a.pem'" },
    { "it's", "'it'\\''s'" },
    { "$(id)", "'$(id)'" },
    { "a\nb*?[~#;&|<>\\\"`!{}", "'a\nb*?[~#;&|<>\\\"`!{}'" },
    { "\xC3\xA4", "'\xC3\xA4'" },
};

static void words(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct buf out = { 0 };
        shell_word(&out, span_str(r->text));
        CHECK_ROW(strcmp(buf_cstr(&out), r->word) == 0, buf_cstr(&out));
        buf_clear(&out);
    }
}

/* A shell that reads the word has the text back. */
static void read_back(void)
{
    const struct row *r;

    for (EACH_ROW(r, rows)) {
        struct buf line = { 0 };
        struct child sh;
        buf_str(&line, "printf %s ");
        shell_word(&line, span_str(r->text));
        child_start_foreign(&sh, ".", "sh", ARGS("-c", buf_cstr(&line)));
        CHECK_ROW(child_end(&sh) == 0 && span_is(buf_span(&sh.text[CHILD_OUT]), r->text), r->text);
        child_clear(&sh);
        buf_clear(&line);
    }
}

CU_TestInfo shell_tests[] = {
    { "words", words },
    { "read back", read_back },
    CU_TEST_INFO_NULL,
};
