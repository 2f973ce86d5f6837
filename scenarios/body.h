#ifndef SCENARIOS_BODY_H
#define SCENARIOS_BODY_H

#include "common/ace/media.h"
#include "common/codec/http.h"
#include "common/crypto/tls_facts.h"
#include "scenarios/fields.h"

/* HTTP messages of the AS legs as fields, and back. A new member is one row in vocab.c; a new header one in `headers`. */
struct leg {
    enum label_map map; /* whose labels: LABELS_TOKEN, LABELS_INTROSPECTION */
    enum media media;   /* of a body to be written, unless content_type says otherwise */
    const char *target; /* of a request to be written: path */
    const struct tls_facts *facts;
};

/* Adds what the message holds to `out`; a body that cannot be read has no members. */
void request_read(const struct message *m, const struct http_request *in, const struct leg *leg,
                  struct fields *out);
void response_read(const struct message *m, const struct http_response *in, const struct leg *leg,
                   struct fields *out);

/* Append. Errors: ERR_MALFORMED (a header that cannot be sent), ERR_NO_MEMORY. */
MUST_USE enum err request_write(const struct message *m, const struct fields *in, const struct leg *leg,
                                struct buf *out);
MUST_USE enum err response_write(unsigned status, const struct fields *in, const struct leg *leg,
                                 struct buf *out);

/* "basic", "rpk", "cert", "none" with what is behind it: {"id","secret"} as tree, the key as key. */
struct value auth_basic(struct vars *v, struct span id, struct span secret);
struct value auth_by_key(const char *word, const struct key_object *kept);

#endif
