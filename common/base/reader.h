#ifndef BASE_READER_H
#define BASE_READER_H

#include "common/base/err.h"
#include "common/base/span.h"

/*
 * A cursor over untrusted bytes. Reading past the end sets `bad` and from then on
 * every read yields zero or an empty span, so a parser reads straight through and
 * asks once, at reader_end().
 */
struct reader {
    struct span left;
    bool bad;
};

struct reader reader(struct span in);
uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
struct span read_bytes(struct reader *r, size_t n);
struct span read_bin16(struct reader *r); /* two-byte length, then that many bytes */
struct span read_rest(struct reader *r);

/* OK iff no read ran short and nothing is left over; else ERR_MALFORMED. */
MUST_USE enum err reader_end(const struct reader *r);

#endif
