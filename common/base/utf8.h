#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "common/base/buf.h"

/*
 * The character `s` begins with. Returns its length in bytes and sets *rune; 0 when `s` is empty or does not begin with
 * valid UTF-8 (RFC 3629: overlong forms, surrogates and values above U+10FFFF are not valid).
 */
size_t utf8_next(struct span s, uint32_t *rune);

/*
 * Appends `s` as a JSON string, quotes included. Whatever could act on a terminal or forge a line (controls, C1
 * controls, line separators, direction overrides) is written as \uXXXX; a byte that is not UTF-8 as \ufffd.
 */
void utf8_quote(struct buf *out, struct span s);

#endif
