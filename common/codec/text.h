#ifndef CODEC_TEXT_H
#define CODEC_TEXT_H

#include "common/base/buf.h"
#include "common/base/err.h"

/* Bytes as text: base64 (RFC 4648) and hex. Decoders append to `out`; on error nothing sensible was appended. */

void b64url_encode(struct buf *out, struct span bytes); /* section 5, without padding */
/* One canonical form only: no padding, no stray bits, else ERR_MALFORMED. */
MUST_USE enum err b64url_decode(struct span text, struct buf *out);
void b64_encode(struct buf *out, struct span bytes);             /* section 4, padded */
MUST_USE enum err b64_decode(struct span text, struct buf *out); /* canonical, padded: HTTP Basic, PEM */

void hex_encode(struct buf *out, struct span bytes);             /* lower case */
MUST_USE enum err hex_decode(struct span text, struct buf *out); /* either case, even length */

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_valid(struct span text);
/* MQTT 5 1.5.4: valid UTF-8 without U+0000. */
bool utf8_mqtt(struct span text);

#endif
