#ifndef SCENARIOS_SETTINGS_H
#define SCENARIOS_SETTINGS_H

#include "scenarios/world.h"

/* The files our programs start from: keys, certificates and configurations of a world, in one folder. */
struct settings {
    const struct world *world;
    const struct variant *variant; /* whose `with` is merged into the configurations; NULL: none */
    const char *dir;
    const char *issuer;                /* iss of the AS */
    uint16_t as_listen, broker_listen; /* ports they bind; 0: any */
    const char *policy, *open_topics;  /* what each client may, and everybody, in words */
    const char *tls_version;           /* "1.2", "1.3", or NULL: any */
    const char *token_format;          /* "jwt", "cwt", "reference", or NULL: as the AS likes */
    const char *notation;              /* in which the broker asks the AS: "json", "cbor", "form", or NULL */
    const char *carriage;     /* of a symmetric key: "token", "cnf", "derived", or NULL: as the AS likes */
    const char *mqtt_version; /* "5", "311", or NULL: as clients prefer */
    bool
        asks_as; /* the broker introspects and follows the list of revoked tokens, whatever the scenario says */
    bool
        for_people; /* one broker and two clients to try the programs with, and nobody that only scenarios need */
    int64_t lifetime;   /* of tokens, seconds; 0: WORLD_LIFETIME */
    bool known_by_cert; /* the AS has the broker's certificate, and not its key */
    bool server_rpk;    /* the broker shows its key without a certificate */
    bool keylog;        /* each program adds its TLS secrets to keys.log */
};

/* Errors: ERR_IO with "path: reason" in `message`, ERR_NO_MEMORY. world->as_port and broker_port must be known where they are used: the
 * broker's hint names the AS, the client both. */
MUST_USE enum err settings_keys(const struct settings *s, struct buf *message);
MUST_USE enum err settings_as(const struct settings *s, struct buf *message);
MUST_USE enum err settings_broker(const struct settings *s, struct buf *message);
/* "client.json", "client2.json" ... or `name` if not NULL. */
MUST_USE enum err settings_client(const struct settings *s, unsigned number, const char *name,
                                  struct buf *message);

#endif
