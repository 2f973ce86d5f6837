#include "scenarios/demand.h"

#include "scenarios/lacks.h"
#include "scenarios/suite.h"
#include "tests/check.h"

#include <stdio.h>
#include <string.h>

/* Runs of the whole suite that this system cannot play. */
static size_t count_skipped(const struct suite *s, const struct sut *sut)
{
    size_t n = 0;

    for (size_t i = 0; i < s->flows.count; i++) {
        const struct scenario *x = s->flows.scenario[i];
        for (size_t k = 0; k < flow_variants(x) && x->tested & 1u << sut->role; k++) {
            struct variant v = { 0 };
            struct buf why = { 0 };
            CHECK(flow_expand(x, k, &v) == OK);
            n += sut_lacks(sut, &v, &why);
            CHECK(sut_lacks(sut, &v, &why) == (why.n != 0));
            variant_clear(&v);
            buf_clear(&why);
        }
    }
    return n;
}

/* All of them are a broker's. */
static bool is_word_of(enum role r, const char *feature)
{
    static const char *const clients =
        " exporter challenge authz-info rpk psk tls12 mqtt311 hs256 ed25519 es256 cbor form reauth "
        "session will retain wildcard discovery clock ";
    static const char *const servers =
        " jwt cwt hs256 ed25519 es256 cbor form introspection revocation clock ";
    char word[32];

    snprintf(word, sizeof word, " %s ", feature);
    if (strcmp(feature, "durable") == 0) return false; /* no scenario restarts a server */
    return r == ROLE_BROKER || strstr(r == ROLE_CLIENT ? clients : servers, word);
}

/* What a system does not declare costs it some runs: whichever of the words it is, for whomever it is a word. */
static void every_word(void)
{
    struct suite s = { 0 };
    struct buf message = { 0 };
    const struct feature_def *f;

    CHECK(suite_load(&(struct suite_folders){ "scenarios", "scenarios/flows" }, &s, &message) == OK);
    for (enum role r = 0; r < ROLE_COUNT; r++) {
        struct sut sut = { .role = r, .name = "it", .starts = 1, .settings = true, .features = UINT64_MAX };
        CHECK(count_skipped(&s, &sut) == 0);
        for (size_t i = 0; (f = feature_at(i)); i++) {
            sut.features = UINT64_MAX & ~sut_feature(f->name);
            if (is_word_of(r, f->name)) CHECK_ROW(count_skipped(&s, &sut) > 0, f->name);
        }
    }
    suite_clear(&s);
    buf_clear(&message);
}

CU_TestInfo demand_tests[] = {
    { "each feature is demanded by some runs", every_word },
    CU_TEST_INFO_NULL,
};
