#ifndef ACE_CLAIMS_H
#define ACE_CLAIMS_H

#include "common/ace/cnf.h"
#include "common/ace/scope.h"

enum { MAX_AUDIENCES = 16 };

/*
 * The claims of a token or of an active introspection response: plain data, owned. Reading checks types and ranges only:
 * a claim_set proves nothing. token_open() turns one into struct claims.
 */
struct claim_set {
    bool has_iss, has_sub, has_exp, has_nbf, has_iat, has_id, has_client_id, has_scope, has_cnonce, has_exi,
        has_profile;
    struct buf iss, sub, client_id;
    size_t audiences;
    struct buf audience[MAX_AUDIENCES];
    int64_t exp, nbf, iat;    /* seconds since the epoch */
    struct buf id;            /* jti text, or cti bytes */
    struct scope *scope;      /* owned reference; with has_scope */
    struct cnf cnf;           /* CNF_NONE if absent */
    bool profile_is_mqtt_tls; /* when has_profile */
    struct buf cnonce;        /* bytes */
    int64_t exi;              /* seconds */
};

/* `map` says whose member names and labels apply: LABELS_CLAIMS or LABELS_INTROSPECTION. Times are whole seconds in 0..2^53 (fractions
 * are accepted and rounded against the bearer: exp down, nbf up); text, negative or milliseconds-sized (>= 10^11) times are refused.
 * Errors: ERR_MALFORMED, ERR_INVALID_SCOPE, ERR_NO_MEMORY, those of cnf_read. */
MUST_USE enum err claim_set_read(const struct doc *d, enum label_map map, enum notation n,
                                 enum scope_spelling also, struct claim_set *out, struct fault *why);
struct doc *claim_set_write(const struct claim_set *c, enum label_map map,
                            enum notation n); /* NULL: no memory */
void claim_set_clear(struct claim_set *c);

/* Exact comparison with each audience [D-7]. */
bool claim_set_for(const struct claim_set *c, struct span audience);

#endif
