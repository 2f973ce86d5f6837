#include "scenarios/ability.h"

#include "scenarios/json.h"
#include "scenarios/suite.h"
#include "scenarios/verdict.h"

static const struct ability {
    enum role role;
    const char *words, *scenario;
} abilities[] = {
    /* clang-format off */
    { ROLE_CLIENT, "asks for a token for its key",                        "token/public-key" },
    { ROLE_CLIENT, "proves its key in CONNECT, over the TLS exporter",    "connect/exporter" },
    { ROLE_CLIENT, "answers a challenge",                                 "connect/challenge" },
    { ROLE_CLIENT, "takes its token to authz-info",                       "authz-info/accepted" },
    { ROLE_CLIENT, "shows its key in TLS: raw public key",                "rpk/known" },
    { ROLE_CLIENT, "shows its key in TLS: PSK",                           "psk/token" },
    { ROLE_CLIENT, "MQTT 3.1.1: token and proof in CONNECT",              "mqtt311/exporter" },
    { ROLE_CLIENT, "finds the AS by the broker's hint",                   "discovery/as-hint" },
    { ROLE_CLIENT, "renews its token on a live connection",               "reauth/renewed" },
    { ROLE_BROKER, "lets in who proves his key in CONNECT",               "connect/exporter" },
    { ROLE_BROKER, "challenges who only shows a token",                   "connect/challenge" },
    { ROLE_BROKER, "takes tokens at authz-info, and nothing else there",  "authz-info/wrong/no-token" },
    { ROLE_BROKER, "knows clients in TLS: raw public keys",               "rpk/known" },
    { ROLE_BROKER, "knows clients in TLS: PSK",                           "psk/token" },
    { ROLE_BROKER, "MQTT 3.1.1: lets do what the token says, no more",    "mqtt311/publish" },
    { ROLE_BROKER, "hints at its AS when it refuses",                     "discovery/as-hint" },
    { ROLE_BROKER, "holds each PUBLISH against the scope",                "publish/refused" },
    { ROLE_BROKER, "holds each filter of SUBSCRIBE against the scope",    "subscribe/refused" },
    { ROLE_BROKER, "renews a token on a live connection",                 "reauth/renewed" },
    { ROLE_BROKER, "ends with the token: publishing",                     "expiry/publish" },
    { ROLE_BROKER, "ends with the token: deliveries",                     "expiry/delivery" },
    { ROLE_BROKER, "asks the AS about references",                        "reference/exporter" },
    { ROLE_BROKER, "follows the list of revoked tokens",                  "revocation/live" },
    { ROLE_AS,     "binds tokens to a client's key",                      "token/public-key" },
    { ROLE_AS,     "hands out a key with the token",                      "token/symmetric" },
    { ROLE_AS,     "CWT",                                                 "cwt/issued" },
    { ROLE_AS,     "grants no more than the policy",                      "token/narrowed-scope" },
    { ROLE_AS,     "answers introspection",                               "reference/exporter" },
    { ROLE_AS,     "tells which tokens are revoked",                      "revocation/list" },
    /* clang-format on */
};

enum { ABILITIES = sizeof abilities / sizeof *abilities };

struct found {
    size_t passed, ran;
    const struct check_result *broken; /* the first */
};

/* Of what is broken, what tells most: the Reason Code, or what comes first. */
static const struct check_result *telling(const struct run_result *run)
{
    const struct check_result *first = NULL;

    for (size_t k = 0; k < run->check_count; k++) {
        const struct check_result *c = &run->checks[k];
        if (c->held) continue;
        if (span_starts(buf_span(&c->field), span_str("reason="))) return c;
        if (!first) first = c;
    }
    return first;
}

static struct found find(const struct report *r, const struct ability *a)
{
    struct found f = { 0 };

    for (size_t i = 0; i < r->runs; i++) {
        const struct run_result *run = &r->run[i];
        if (result_real(run) != 1u << a->role || !span_is(buf_span(&run->scenario), a->scenario)) continue;
        if (run->verdict == VERDICT_SKIP || run->verdict == VERDICT_ERROR) continue;
        f.ran++;
        f.passed += run->verdict <= VERDICT_WARN;
        if (run->verdict > VERDICT_WARN && !f.broken) f.broken = telling(run);
    }
    return f;
}

static bool is_under_test(const struct report *r, enum role role)
{
    for (size_t i = 0; i < r->runs; i++) {
        if (result_real(&r->run[i]) == 1u << role) return true;
    }
    return false;
}

static void tell_instead(const struct check_result *c, struct buf *out)
{
    check_print(c, out);
    buf_str(out, ", got ");
    buf_add(out, buf_span(&c->got));
    out->failed |= buf_failed(&c->got);
}

static const char *word_of(const struct found *f)
{
    if (f->ran == 0) return "-";
    return f->passed == f->ran ? "yes" : f->passed ? "partly" : "no";
}

static void print_one(const struct ability *a, const struct found *f, struct buf *out)
{
    buf_format(out, "  %-7s %s", word_of(f), a->words);
    if (f->ran == 0) buf_str(out, " (not asked)");
    if (f->passed && f->passed < f->ran) buf_format(out, " (%zu of %zu)", f->passed, f->ran);
    if (f->broken) {
        buf_format(out, "  [%s: ", a->scenario);
        tell_instead(f->broken, out);
        buf_u8(out, ']');
    }
    buf_u8(out, '\n');
}

void ability_print(const struct report *r, struct buf *out)
{
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        if (!is_under_test(r, role)) continue;
        buf_format(out, "what the %s can do\n", role == ROLE_AS ? "AS" : role_name(role));
        for (size_t i = 0; i < ABILITIES; i++) {
            struct found f = abilities[i].role == role ? find(r, &abilities[i]) : (struct found){ 0 };
            if (abilities[i].role == role) print_one(&abilities[i], &f, out);
        }
    }
}

void ability_write(const struct report *r, struct buf *json)
{
    json_open(json, "abilities", '[');
    for (size_t i = 0; i < ABILITIES; i++) {
        const struct ability *a = &abilities[i];
        if (!is_under_test(r, a->role)) continue;
        struct found f = find(r, a);
        struct buf instead = { 0 };
        json_open(json, NULL, '{');
        json_text(json, "role", span_str(role_name(a->role)));
        json_text(json, "words", span_str(a->words));
        json_text(json, "scenario", span_str(a->scenario));
        json_number(json, "passed", (int64_t)f.passed);
        json_number(json, "ran", (int64_t)f.ran);
        if (f.broken) tell_instead(f.broken, &instead);
        if (f.broken) json_text(json, "instead", buf_span(&instead));
        json_close(json, '}');
        json->failed |= buf_failed(&instead);
        buf_clear(&instead);
    }
    json_close(json, ']');
}
