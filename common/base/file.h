#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "common/base/buf.h"
#include "common/base/err.h"

/* Whole files, for the shells' start-up: configuration, keys, certificates, messages. */
enum { MAX_FILE = 4 << 20 };

/* Appends the content of `path` ("-": standard input). On error appends "path: reason" to `message`, and clears an `out`
 * that was empty. Errors: ERR_IO, ERR_TOO_LARGE (over MAX_FILE), ERR_NO_MEMORY. */
MUST_USE enum err file_read(const char *path, struct buf *out, struct buf *message);

/* The same for what grows with its maker, such as a report: no larger than `most`. */
MUST_USE enum err file_read_most(const char *path, size_t most, struct buf *out, struct buf *message);

/* Writes `bytes` under a temporary name beside `path`, then renames: readers see the old or the new file, never half.
 * `mode` as in chmod, 0600 for anything secret. Errors: ERR_IO with "path: reason" in `message`. */
MUST_USE enum err file_write(const char *path, struct span bytes, unsigned mode, struct buf *message);

/* `path` as seen from the folder of `base_file`: absolute paths, "-" and ":memory:" stay. */
void file_beside(const char *base_file, const char *path, struct buf *out);

#endif
