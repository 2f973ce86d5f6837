#ifndef AS_UPDATES_H
#define AS_UPDATES_H

#include "common/ace/trl.h"
#include "common/store/store.h"

/*
 * What changed in the list of revoked tokens, for each of those who may read it (RFC 9770 5.2): their updates, the latest ones, numbered
 * from 0 without gaps. In the ledger's file, whose transaction the caller holds while writing. Errors: ERR_UNAVAILABLE, ERR_NO_MEMORY.
 */
enum { UPDATE_MAX = 64 /* hashes in one update */ };

/* Whose part of the list: of a client, the tokens issued to it; of a broker, those for its audience. */
enum updates_role { UPDATES_CLIENT, UPDATES_BROKER };
struct updates_reader {
    enum updates_role role;
    struct span name; /* client id, or audience */
};

/* Adds one, and forgets what is older than the `remembered` latest. */
MUST_USE enum err updates_add(struct store *s, const struct updates_reader *r, const struct trl_entry *update,
                              int64_t remembered);

/* The numbers that are remembered; *last is -1 when there never was an update. */
MUST_USE enum err updates_range(struct store *s, const struct updates_reader *r, int64_t *first,
                                int64_t *last);
MUST_USE enum err updates_get(struct store *s, const struct updates_reader *r, int64_t number,
                              struct trl_entry *out);

#endif
