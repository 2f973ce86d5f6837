#ifndef SCENARIOS_RESULT_H
#define SCENARIOS_RESULT_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/fault.h"
#include "scenarios/vary.h"

/* What one run brought to light. Plain data, owned; written by the worker that played it as result.json, read by its parent. */
enum verdict {
    VERDICT_PASS,
    VERDICT_NOTE,
    VERDICT_WARN,
    VERDICT_KNOWN, /* a FAIL that a list of known failures expects */
    VERDICT_SKIP,
    VERDICT_FAIL,
    VERDICT_ERROR,
    VERDICTS
};

/* Who plays a role in a run. PLAYER_ABSENT: the role takes no part. */
enum player { PLAYER_ABSENT, PLAYER_PUPPET, PLAYER_PRODUCT, PLAYER_EXTERNAL };

/* Behind the role, in the arrow of a check on the program as such: that it runs and stops without fault. */
#define RESULT_PROGRAM " (the program)"

/* A refusal, or over HTTP any answer, that came in another form than expected: rules that only want such an outcome are not broken by it. */
enum refusal {
    REFUSAL_NONE,
    REFUSAL_CODE,   /* with another Reason Code */
    REFUSAL_PACKET, /* with DISCONNECT for CONNACK, or the other way round */
    REFUSAL_CLOSE,  /* the connection was closed, without the packet that should have told */
    REFUSAL_STATUS, /* over HTTP: another status of the same class, as 201 for 200 */
    REFUSAL_ERROR   /* over HTTP: another error code, as unsupported_grant_type for invalid_scope */
};

/* One expectation on one line of the flow, seen or not. */
struct check_result {
    struct buf file; /* of the flow; with line: the place of the line it stands on */
    unsigned line;
    struct buf arrow;     /* "broker -> client CONNACK" */
    struct buf field;     /* "reason"; empty: the message as such */
    struct buf want, got; /* as people read them; empty where it held */
    bool held;
    bool silent;          /* it did not hold as nothing came at all: no message, no answer to a connection */
    enum refusal refusal; /* where it did not hold */
    size_t rule_count;
    struct buf *rules; /* ids it proves or breaks */
};

struct run_result {
    struct buf scenario, variant;    /* ids as variant_print() writes them */
    struct buf with;                 /* settings of the scenario, as with_print() writes them */
    enum player players[ROLE_COUNT]; /* by enum role */
    enum verdict
        verdict; /* by the highest level among the broken rules; ERROR: there is none, as something else failed */
    struct buf why; /* ERROR and SKIP: what happened */
    size_t check_count;
    struct check_result *checks;
    int64_t ms;     /* wall clock */
    struct buf dir; /* folder with trace.jsonl, configurations, outputs */
};

/* "pass", "fail" ...; the words of report.json. */
const char *verdict_name(enum verdict v);
const char *player_name(enum player p);

/* A further check, zeroed; NULL: no memory. The pointer is valid until the next call. */
struct check_result *result_check(struct run_result *r);

/* A further rule of a check, empty; NULL: no memory. Valid until the next call. For rules added by this function alone. */
struct buf *check_rule(struct check_result *c);

/* "broker -> client CONNACK reason": what is checked, without its place. */
void check_print(const struct check_result *c, struct buf *out);

/* Compact JSON that ends in a newline. Errors: ERR_NO_MEMORY, also when a text of `r` is a failed buf. */
MUST_USE enum err result_write(const struct run_result *r, struct buf *json);
/* Errors: ERR_MALFORMED, ERR_TOO_LARGE, ERR_NO_MEMORY; then `out` is empty. */
MUST_USE enum err result_read(struct span json, struct run_result *out, struct fault *why);
void result_clear(struct run_result *r);

#endif
