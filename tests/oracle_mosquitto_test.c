#include "tests/check.h"
#include "tests/oracle_bed.h"

#include <string.h>

/*
 * Unmodified mosquitto_pub and mosquitto_sub: they publish a token to authz-info over TLS:Anon, and come back with its key as PSK and
 * its kid as identity. What the token's scope opens is open to them, all else is refused.
 */

static const char *const versions[] = { "mqttv5", "mqttv311" };

#define PSK(d, version, key, identity) \
    "-h", "127.0.0.1", "-p", (d)->broker_port, "-V", (version), "--psk", (key), "--psk-identity", (identity)

/* In the handshake; which status that is depends on when mosquitto_pub notices. */
static void refused(struct demo *d, const char *why, const char *says, const char *const *args)
{
    struct child c;

    oracle_start(d, &c, "mosquitto_pub", args);
    bool failed = child_end(&c) > 0;
    oracle_told(&c, why, failed && child_says(&c, CHILD_OUT, says));
    child_clear(&c);
}

static void message_flows(void)
{
    struct oracle_psk psk;
    struct child sub;
    struct demo d;

    demo_open(&d);
    for (size_t i = 0; i < 2; i++) {
        const char *v = versions[i], *other = versions[!i];
        oracle_get_token(&d, "hs256", "pubsub:room/#");
        oracle_psk(&d, "kept.json", &psk);
        refused(&d, "not known before its token", "alert illegal parameter",
                ARGS(PSK(&d, v, psk.key, psk.identity), "-t", "room/x", "-m", "early", "-q", "1", "-d"));
        oracle_upload(&d, v, "token.jwt", 0, "PUBACK");
        oracle_runs(
            &d, v, 0, "PUBACK", "mosquitto_pub",
            ARGS(PSK(&d, v, psk.key, psk.identity), "-t", "room/r", "-m", "kept", "-q", "1", "-r", "-d"));
        oracle_start(&d, &sub, "mosquitto_sub",
                     ARGS(PSK(&d, other, psk.key, psk.identity), "-t", "room/#", "-q", "1", "-C", "2", "-v"));
        oracle_told(&sub, "mosquitto_sub has subscribed", child_says(&sub, CHILD_OUT, "room/r kept\n"));
        oracle_runs(&d, v, 0, "PUBACK", "mosquitto_pub",
                    ARGS(PSK(&d, v, psk.key, psk.identity), "-t", "room/x", "-m", "21.5", "-q", "1", "-d"));
        oracle_told(&sub, "mosquitto_sub gets the message",
                    child_end(&sub) == 0 && child_says(&sub, CHILD_OUT, "room/x 21.5\n"));
        child_clear(&sub);
    }
    demo_close(&d);
}

static void outside_the_scope(void)
{
    struct oracle_psk psk;
    struct demo d;

    demo_open(&d);
    oracle_get_token(&d, "hs256", "pubsub:room/#");
    oracle_psk(&d, "kept.json", &psk);
    oracle_upload(&d, "mqttv5", "token.jwt", 0, "PUBACK");
    oracle_runs(&d, "publish in MQTT 5", 0, "failed: Not authorized", "mosquitto_pub",
                ARGS(PSK(&d, "mqttv5", psk.key, psk.identity), "-t", "z", "-m", "x", "-q", "1"));
    oracle_runs(&d, "publish in MQTT 3.1.1", 7, "connection was lost", "mosquitto_pub",
                ARGS(PSK(&d, "mqttv311", psk.key, psk.identity), "-t", "z", "-m", "x", "-q", "1"));
    for (size_t i = 0; i < 2; i++) {
        oracle_runs(&d, "subscribe", 0, "All subscription requests were denied", "mosquitto_sub",
                    ARGS(PSK(&d, versions[i], psk.key, psk.identity), "-t", "z", "-E"));
    }
    demo_close(&d);
}

static void wrong_credentials(void)
{
    struct oracle_psk psk;
    struct demo d;

    demo_open(&d);
    oracle_get_token(&d, "hs256", "pubsub:room/#");
    oracle_psk(&d, "kept.json", &psk);
    oracle_tamper(&d, "token.jwt", 9, "bad.jwt");
    oracle_upload(&d, "mqttv5", "bad.jwt", 0, "failed: Not authorized");
    refused(&d, "a tampered token names no key", "alert illegal parameter",
            ARGS(PSK(&d, "mqttv5", psk.key, psk.identity), "-t", "room/x", "-m", "x", "-q", "1", "-d"));
    oracle_upload(&d, "mqttv5", "token.jwt", 0, "PUBACK");
    refused(&d, "another key than the token's", "alert decrypt error",
            ARGS(PSK(&d, "mqttv5", psk.wrong_key, psk.identity), "-t", "room/x", "-m", "x", "-q", "1", "-d"));
    refused(&d, "the same in TLS 1.2", "alert decrypt error",
            ARGS(PSK(&d, "mqttv5", psk.wrong_key, psk.identity), "--tls-version", "tlsv1.2", "-t", "room/x",
                 "-m", "x", "-q", "1", "-d"));
    oracle_runs(&d, "the right key in TLS 1.2", 0, "PUBACK (Mid: 1, RC:0)", "mosquitto_pub",
                ARGS(PSK(&d, "mqttv5", psk.key, psk.identity), "--tls-version", "tlsv1.2", "-t", "room/x",
                     "-m", "x", "-q", "1", "-d"));
    demo_close(&d);
}

CU_TestInfo oracle_mosquitto_tests[] = {
    { "a token to authz-info, then its key as PSK: messages flow, in both versions", message_flows },
    { "what the token does not open is refused", outside_the_scope },
    { "a tampered token, another key", wrong_credentials },
    CU_TEST_INFO_NULL,
};
