#ifndef ACE_TRL_H
#define ACE_TRL_H

#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/base/fault.h"
#include "common/crypto/hash.h"

/* RFC 9770: the list of revoked tokens, as it travels. Tokens are named by hashes in the binary form of RFC 6920, SHA-256. */
enum {
    TRL_HASH_SIZE = 1 + SHA256_SIZE,
    TRL_MAX_HASHES = 16384, /* in one answer */
    TRL_MAX_BYTES = 1 << 20,
    TRL_MAX_ENTRIES = 64 /* updates in one answer to a diff query */
};

/*
 * RFC 9770 3: the AS hashes what `access_token` was, in the notation of the answer it was in: the text itself, or octets as base64url. An
 * encoded CWT is TRL_OF_OCTETS in both; a broker that has a JWT cannot know and keeps both hashes. Errors: ERR_NO_MEMORY.
 */
enum trl_input { TRL_OF_TEXT, TRL_OF_OCTETS };
MUST_USE enum err trl_hash(struct span token, enum trl_input how, uint8_t out[TRL_HASH_SIZE]);

/* One update, RFC 9770 7: hashes of TRL_HASH_SIZE octets, one behind the other. */
struct trl_entry {
    struct buf removed, added;
};

/* The answer to a query. Zero is an empty full set, of a server without cursors. Clear with trl_clear(). */
enum trl_kind { TRL_FULL, TRL_DIFF };
struct trl {
    enum trl_kind kind;
    struct buf full; /* TRL_FULL: hashes */
    size_t count;    /* TRL_DIFF: entries, the latest first */
    struct trl_entry entry[TRL_MAX_ENTRIES];
    bool has_cursor, cursor_is_null, more;
    int64_t cursor;
};
void trl_clear(struct trl *t);

/* application/ace-trl+cbor. Errors of reading: ERR_MALFORMED (also: neither set or both, a hash of another kind, a diff_set with a cursor and without more), ERR_TOO_LARGE,
 * ERR_NO_MEMORY; unknown parameters are ignored. `out` is clear after an error. */
MUST_USE enum err trl_read(struct span in, struct trl *out, struct fault *why);
MUST_USE enum err trl_write(const struct trl *t, struct buf *out);

/* application/concise-problem-details+cbor (RFC 9290) with ace-trl-error, RFC 9770 5.1. */
enum trl_error { TRL_INVALID_VALUE, TRL_INVALID_SET, TRL_OUT_OF_BOUND };
struct trl_problem {
    enum trl_error error;
    bool has_cursor, cursor_is_null;
    int64_t cursor;
};
MUST_USE enum err trl_problem_read(struct span in, struct trl_problem *out, struct fault *why);
MUST_USE enum err trl_problem_write(const struct trl_problem *p, struct buf *out);

#endif
