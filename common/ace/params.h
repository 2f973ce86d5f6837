#ifndef ACE_PARAMS_H
#define ACE_PARAMS_H

#include "common/ace/claims.h"
#include "common/ace/media.h"

enum grant_type {
    GRANT_PASSWORD,
    GRANT_AUTHORIZATION_CODE,
    GRANT_CLIENT_CREDENTIALS,
    GRANT_REFRESH_TOKEN,
    GRANT_OTHER
};

/* RFC 9200 5.8.1, RFC 9201 3.1; wire.md 7.1. Plain data, owned. */
struct token_request {
    enum grant_type grant_type; /* GRANT_CLIENT_CREDENTIALS if absent [R-TOK-04] */
    bool has_client_id, has_client_secret, has_audience, has_scope, has_req_cnf, wants_profile, has_cnonce,
        has_refresh_token;
    struct buf client_id, audience, cnonce, refresh_token;
    struct secret client_secret;
    struct scope *scope; /* NULL with has_scope: not understood, see scope_fault */
    struct fault scope_fault;
    struct cnf req_cnf;
    bool req_cnf_symmetric; /* carries a symmetric key value: to be refused */
    enum err
        req_cnf_error; /* OK, or why req_cnf was not understood (ERR_UNSUPPORTED_POP_KEY, ERR_MALFORMED) */
};

/* Unknown parameters are ignored, doubled ones refused. Errors: ERR_INVALID_REQUEST with a reason, ERR_NO_MEMORY. */
MUST_USE enum err token_request_read(struct span body, enum media m, struct token_request *out,
                                     struct fault *why);
/* The same; the audience may be called aud too, and the scope be words of draft -02. */
MUST_USE enum err token_request_read_draft02(struct span body, enum media m, struct token_request *out,
                                             struct fault *why);
MUST_USE enum err token_request_write(const struct token_request *in, enum media m, struct buf *out);
void token_request_clear(struct token_request *r);

/* RFC 9200 5.8.2, RFC 9201 3.2; wire.md 7.2. Plain data, owned. */
struct token_response {
    struct buf access_token;     /* octets as presented to the broker */
    bool has_token_type, is_pop; /* is_pop: also when the type is absent [R-TOK-12] */
    bool has_expires_in, has_exp, has_scope, has_profile, profile_is_mqtt_tls, has_cnf, has_rs_cnf;
    int64_t expires_in; /* seconds */
    int64_t exp;        /* the end, as draft -02 told it; never sent by us */
    struct scope *scope;
    struct cnf cnf;
    struct cnf rs_cnf;
};

/* Unknown members are ignored [R-TOK-41], doubled ones refused. Errors: ERR_MALFORMED, ERR_INVALID_SCOPE, ERR_NO_MEMORY, those of
 * cnf_read. MEDIA_FORM stands for its answer, JSON. */
MUST_USE enum err token_response_read(struct span body, enum media m, enum scope_spelling also,
                                      struct token_response *out, struct fault *why);
MUST_USE enum err token_response_write(const struct token_response *in, enum media m, struct buf *out);
void token_response_clear(struct token_response *r);

/* RFC 6749 5.2, RFC 9200 5.8.3. `description` may be NULL; characters that RFC 6749 does not allow in it are replaced. Appends the body; nothing if `e` has no OAuth word. */
MUST_USE enum err error_write(enum err e, const char *description, enum media m, struct buf *out);
struct error_response {
    struct buf error, description; /* `error` as its word, also from CBOR */
};
/* ERR_MALFORMED: no such object, or no `error` in it. An unknown CBOR code reads as "error N". */
MUST_USE enum err error_read(struct span body, enum media m, struct error_response *out);
void error_response_clear(struct error_response *r);

#endif
