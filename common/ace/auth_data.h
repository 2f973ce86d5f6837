#ifndef ACE_AUTH_DATA_H
#define ACE_AUTH_DATA_H

#include "common/base/buf.h"
#include "common/base/reader.h"

/*
 * Authentication Data of CONNECT and re-AUTH (RFC 9431 2.2.4.2):
 *     token length (2 bytes) | token | proof (may be absent)
 * Spans borrow from `in`. An empty token asks to use a stored one (A-08: no data at all, or a length of zero and nothing
 * behind it); an empty proof asks the broker for a challenge.
 */
struct auth_data {
    struct span token;
    struct span proof;
};

/* ERR_MALFORMED: a length beyond the end, one byte, or bytes after an empty token [R-CONN-16, R-CONN-17]; `out` is then
 * empty. */
MUST_USE enum err auth_data_parse(struct span in, struct auth_data *out);

/* Appends; latches `out` when the token is over 65535 bytes. A binary property also ends there. */
void auth_data_write(const struct auth_data *in, struct buf *out);

#endif
