#include "common/base/err.h"

#include <string.h>

#include "tests/check.h"

static void wire(void)
{
    for (int e = OK; e < ERR_COUNT; e++) {
        const struct err_wire *w = err_wire((enum err)e);
        CHECK_ROW(w->words != NULL && w->http != 0, "every error has words and a status");
        if (!w->words) continue;
        CHECK_ROW((w->http >= 400) == (e != OK), w->words);
        CHECK_ROW(w->mqtt5 == 0 || w->mqtt5 >= 0x80, w->words);
        CHECK_ROW(w->connack311 <= 5, w->words);
        CHECK_ROW((w->oauth != NULL) == (w->oauth_cbor != 0), w->words);
    }
    CHECK(err_wire(ERR_NOT_AUTHORIZED)->mqtt5 == 0x87);
    CHECK(strcmp(err_wire(ERR_INVALID_SCOPE)->oauth, "invalid_scope") == 0);
}

static void reasons(void)
{
    /* clang-format off */
    static const struct row {
        const char *name;
        uint8_t reason;
    } rows[] = {
        { "Success", 0x00 },
        { "Disconnect with Will Message", 0x04 },
        { "Continue authentication", 0x18 },
        { "Unspecified error", 0x80 },
        { "Not authorized", 0x87 },
        { "Bad authentication method", 0x8C },
        { "Payload format invalid", 0x99 },
        { "Wildcard Subscriptions not supported", 0xA2 },
        { "Unknown reason code", 0x03 },
        { "Unknown reason code", 0xFF },
    }, *r;
    /* clang-format on */
    unsigned known = 0;

    for (EACH_ROW(r, rows)) CHECK_ROW(strcmp(reason_name(r->reason), r->name) == 0, r->name);
    for (unsigned i = 0; i < 256; i++) known += strcmp(reason_name((uint8_t)i), "Unknown reason code") != 0;
    CHECK(known == 43); /* the rows of MQTT 5 Table 2-6 */
}

static enum err passes_on(enum err e)
{
    TRY(e);
    return ERR_IO;
}

static void tries(void)
{
    CHECK(passes_on(ERR_TOPIC) == ERR_TOPIC);
    CHECK(passes_on(OK) == ERR_IO);
}

CU_TestInfo err_tests[] = { { "wire", wire }, { "reasons", reasons }, { "TRY", tries }, CU_TEST_INFO_NULL };
