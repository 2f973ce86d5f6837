#include "common/ace/trl.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void same(const struct buf *a, const struct buf *b)
{
    if (!span_eq(buf_span(a), buf_span(b))) __builtin_trap();
}

static void list(struct span in)
{
    struct trl first, second;
    struct buf once = { 0 }, twice = { 0 };

    if (trl_read(in, &first, NULL) != OK) return;
    if (trl_write(&first, &once) != OK || trl_read(buf_span(&once), &second, NULL) != OK) __builtin_trap();
    if (trl_write(&second, &twice) != OK) __builtin_trap();
    same(&once, &twice);
    trl_clear(&first);
    trl_clear(&second);
    buf_clear(&once);
    buf_clear(&twice);
}

static void problem(struct span in)
{
    struct trl_problem first, second;
    struct buf once = { 0 }, twice = { 0 };

    if (trl_problem_read(in, &first, NULL) != OK) return;
    if (trl_problem_write(&first, &once) != OK || trl_problem_read(buf_span(&once), &second, NULL) != OK)
        __builtin_trap();
    if (trl_problem_write(&second, &twice) != OK) __builtin_trap();
    same(&once, &twice);
    buf_clear(&once);
    buf_clear(&twice);
}

/* What reads is written, and what was written reads again and is written the same. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    list(span(p, n));
    problem(span(p, n));
    return 0;
}
