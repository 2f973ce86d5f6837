#include "tests/check.h"
#include "tests/oracle_bed.h"

/* An unmodified MQTT.js gets its tokens from ace-as and proves its keys to ace-broker: tests/oracles/mqtt.mjs. */

static void each(const char *verb, const char *const (*rows)[3], size_t count)
{
    struct demo d;

    demo_open(&d);
    for (size_t i = 0; i < count; i++) {
        const char *const *r = rows[i];
        oracle_runs(&d, r[0], 0, "done", "mqtt.mjs", ARGS(verb, r[0], r[1], r[2]));
    }
    demo_close(&d);
}

static const char *const ways[][3] = {
    { "hs256", "exporter", "TLSv1.3" },   { "hs256", "exporter", "TLSv1.2" },
    { "ed25519", "exporter", "TLSv1.3" }, { "ed25519", "exporter", "TLSv1.2" },
    { "hs256", "challenge", "TLSv1.3" },  { "ed25519", "challenge", "TLSv1.3" }
};

static void exchange(void)
{
    each("exchange", ways, 6);
}

static void impostor(void)
{
    each("impostor", ways, 6);
}

static void replay(void)
{
    each("replay", ways, 4);
}

static void reauth(void)
{
    each("reauth", &ways[2], 4);
}

static void imposed(void)
{
    each("imposed", &ways[4], 2);
}

CU_TestInfo oracle_mqttjs_tests[] = {
    { "messages flow within the scope, by each proof with each key", exchange },
    { "a token with another key's proof is refused", impostor },
    { "a proof over one connection is worth nothing in another", replay },
    { "re-authentication changes what the connection may do", reauth },
    { "re-authentication with another key's proof ends the connection", imposed },
    CU_TEST_INFO_NULL,
};
