#include "scenarios/command.h"

#include "common/base/shell.h"

void command_print(const struct report *of, const struct run_result *r, struct buf *out)
{
    struct buf role = { 0 };

    report_under_test(r, &role);
    bool model = span_is(buf_span(&role), "model");
    buf_format(out, "ace-scenarios %s ", model ? "model" : "run");
    shell_word(out, buf_span(&r->scenario));
    if (r->variant.n) {
        buf_str(out, " --variant ");
        shell_word(out, buf_span(&r->variant));
    }
    if (!model) buf_format(out, " --under %s", buf_cstr(&role));
    if (of->repeat) buf_str(out, of->repeat);
    buf_clear(&role);
}
