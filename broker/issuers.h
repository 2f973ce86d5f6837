#ifndef BROKER_ISSUERS_H
#define BROKER_ISSUERS_H

#include "common/ace/token.h"
#include "common/codec/config.h"

/* The configuration's "issuers": whose tokens this broker believes, with their keys read from files or written in place. */
struct issuers_source {
    const char *path; /* of the configuration: key files are beside it */
    const struct config_file *file;
    const struct doc *issuers;
};

/* The caller owns *out. Errors: ERR_MALFORMED, ERR_IO, ERR_NO_MEMORY, with one complete line in `message`. */
MUST_USE enum err issuers_read(const struct issuers_source *from, struct token_issuer **out, size_t *count,
                               struct buf *message);
void issuers_free(struct token_issuer *issuers, size_t count);

#endif
