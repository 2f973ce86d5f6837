#include "common/ace/auth_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* What parses is written back to the same bytes, but for "no data at all". */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct auth_data d;
    struct buf again = { 0 };

    if (auth_data_parse(span(p, n), &d) != OK) {
        if (d.token.n || d.proof.n) __builtin_trap();
        return 0;
    }
    auth_data_write(&d, &again);
    if (n && !span_eq(buf_span(&again), span(p, n))) __builtin_trap();
    buf_clear(&again);
    return 0;
}
