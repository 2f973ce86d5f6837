#ifndef ACE_EXI_H
#define ACE_EXI_H

#include "common/base/buf.h"
#include "common/base/err.h"

/*
 * What a token with exi is called, in cti or jti (RFC 9200 5.10.3, A-22): the audience's name, then a number of 8 octets. A cti has these
 * octets, a jti their base64url.
 */
enum { EXI_NUMBER_SIZE = 8 };

/* Appends the number. */
void exi_number_put(struct buf *id, uint64_t number);

/* The number behind this name, in octets or as text. Errors: ERR_NOT_AUTHORIZED (it is not of this name, or has no number), ERR_NO_MEMORY. */
MUST_USE enum err exi_number_read(struct span id, struct span name, uint64_t *number);

#endif
