#ifndef TESTS_ORACLE_BED_H
#define TESTS_ORACLE_BED_H

#include "tests/demo_bed.h"

/*
 * Foreign programs beside ours, for the suites oracle_*: "ace-..." is a program of ours, "x.mjs" is tests/oracles/x.mjs for node, all
 * else is found on the PATH. packaging/setup.sh test installs them; one that is missing fails.
 */

/* Starts it in the demo's folder. */
void oracle_start(struct demo *d, struct child *c, const char *name, const char *const *args);
/* Runs it to its end, which must have this status, and `says` in what it wrote. A failure is told with all it wrote. */
void oracle_runs(struct demo *d, const char *why, int status, const char *says, const char *name,
                 const char *const *args);
/* The same for what `c` has done already. */
void oracle_told(struct child *c, const char *why, bool ok);

/* The access_token in the file `kept` of `ace-client token --out`, NUL-terminated; also written alone into file `out`. */
void oracle_token(struct demo *d, const char *kept, const char *out, struct buf *token);
/* ace-client gets a token for its key of this kind; kept.json is what it keeps, token.jwt the token alone. */
void oracle_get_token(struct demo *d, const char *pop_key, const char *scope);
/* mosquitto_pub brings it to authz-info. */
void oracle_upload(struct demo *d, const char *version, const char *file, int status, const char *says);
/* Changes the token of `kept` for that in file `made`, into file `out`. */
void oracle_swap(struct demo *d, const char *kept, const char *made, const char *out);
/* Writes `file` with its character `at`, counted from the end, changed for another of base64url. */
void oracle_tamper(struct demo *d, const char *file, size_t at, const char *out);

/* What TLS:Known(PSK) needs, of a token with a symmetric key: hex, hex of another key, the JSON form of the kid as identity. */
struct oracle_psk {
    char key[65], wrong_key[65], identity[160];
};
void oracle_psk(struct demo *d, const char *kept, struct oracle_psk *out);

/*
 * A demo with two AS, of one name: as.json signs with EdDSA, as2.json with ES256 (client4-p256.jwk). long.jwk is the key shared with
 * broker1, of 32 octets, short.jwk that with broker2, of 16: other-long.jwk and other-short.jwk are nobody's. The broker answers to both
 * names and believes both AS. Between make and start tests may edit its files.
 */
struct oracle_world {
    struct demo d;
    struct child as2;
    char url2[64];
};
void oracle_world_make(struct oracle_world *w);
void oracle_world_start(struct oracle_world *w);
void oracle_world_end(struct oracle_world *w);

#endif
