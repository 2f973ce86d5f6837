#include "common/ace/psk_identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* What names a kid names the same one when it is written again. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct psk_identity i, again;
    struct buf json = { 0 };

    if (psk_identity_read(span(p, n), &i) != OK) return 0;
    if (i.kind == PSK_NAMES_KID && p[0] == '{') {
        if (psk_identity_write(buf_span(&i.kid), NOTATION_JSON, &json) != OK) __builtin_trap();
        if (psk_identity_read(buf_span(&json), &again) != OK ||
            !span_eq(buf_span(&i.kid), buf_span(&again.kid)))
            __builtin_trap();
        psk_identity_clear(&again);
    }
    buf_clear(&json);
    psk_identity_clear(&i);
    return 0;
}
