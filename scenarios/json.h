#ifndef SCENARIOS_JSON_H
#define SCENARIOS_JSON_H

#include "common/base/buf.h"

/*
 * JSON written straight into a buf, one call per value, commas set by themselves. `name` is NULL for an element of an
 * array. What is written can be read by doc_read_json(): bytes that are no text become U+FFFD.
 */
void json_open(struct buf *out, const char *name, char bracket); /* '{' or '[' */
void json_close(struct buf *out, char bracket);                  /* '}' or ']' */
void json_text(struct buf *out, const char *name, struct span value);
void json_number(struct buf *out, const char *name, int64_t value);
void json_word(struct buf *out, const char *name, const char *word); /* true, false, null */

/* The next value begins on a new line. */
void json_line(struct buf *out);

#endif
