#include "common/ace/hints.h"
#include "common/ace/introspection.h"
#include "common/ace/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* What reads is written in the same medium, and what was written reads again and is written the same. */
static void same(const struct buf *a, const struct buf *b)
{
    if (!span_eq(buf_span(a), buf_span(b))) __builtin_trap();
}

static void request(struct span in, enum media m)
{
    struct token_request first, second;
    struct buf once = { 0 }, twice = { 0 };

    if (token_request_read(in, m, &first, NULL) != OK) return;
    bool whole =
        first.grant_type != GRANT_OTHER && (!first.has_scope || first.scope) && first.req_cnf_error == OK;
    if (whole && token_request_write(&first, m, &once) == OK) {
        if (token_request_read(buf_span(&once), m, &second, NULL) != OK) __builtin_trap();
        if (token_request_write(&second, m, &twice) != OK) __builtin_trap();
        same(&once, &twice);
        token_request_clear(&second);
    }
    token_request_clear(&first);
    buf_clear(&once);
    buf_clear(&twice);
}

static void response(struct span in, enum media m)
{
    struct token_response first, second;
    struct buf once = { 0 }, twice = { 0 };

    if (token_response_read(in, m, SCOPE_LENIENT, &first, NULL) != OK) return;
    bool whole = !first.has_profile || first.profile_is_mqtt_tls;
    if (whole && token_response_write(&first, m, &once) == OK) {
        if (token_response_read(buf_span(&once), m, SCOPE_LENIENT, &second, NULL) != OK) __builtin_trap();
        if (token_response_write(&second, m, &twice) != OK) __builtin_trap();
        same(&once, &twice);
        token_response_clear(&second);
    }
    token_response_clear(&first);
    buf_clear(&once);
    buf_clear(&twice);
}

static void introspection(struct span in, enum media m)
{
    struct introspection_request q;
    struct introspection_response first, second;
    struct buf once = { 0 }, twice = { 0 };

    if (introspection_request_read(in, m, &q, NULL) == OK) introspection_request_clear(&q);
    if (introspection_response_read(in, m, true, &first, NULL) != OK) return;
    bool whole = !first.claims.has_profile || first.claims.profile_is_mqtt_tls;
    if (whole && introspection_response_write(&first, m, &once) == OK) {
        if (introspection_response_read(buf_span(&once), m, false, &second, NULL) != OK) __builtin_trap();
        if (introspection_response_write(&second, m, &twice) != OK) __builtin_trap();
        same(&once, &twice);
        introspection_response_clear(&second);
    }
    introspection_response_clear(&first);
    buf_clear(&once);
    buf_clear(&twice);
}

static void hint(struct span in)
{
    struct hints first, second;
    struct buf once = { 0 };

    if (hints_read(in, &first, NULL) != OK) return;
    if (hints_write(&first, &once) != OK || hints_read(buf_span(&once), &second, NULL) != OK)
        __builtin_trap();
    hints_clear(&first);
    hints_clear(&second);
    buf_clear(&once);
}

/* The first byte chooses the medium. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct error_response e;

    if (n == 0) return 0;
    enum media m = (enum media)(p[0] % MEDIA_COUNT);
    struct span in = span(p + 1, n - 1);
    request(in, m);
    response(in, m);
    introspection(in, m);
    hint(in);
    if (error_read(in, m, &e) == OK) error_response_clear(&e);
    return 0;
}
