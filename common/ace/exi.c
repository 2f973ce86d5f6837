#include "common/ace/exi.h"

#include "common/codec/text.h"

void exi_number_put(struct buf *id, uint64_t number)
{
    for (size_t i = EXI_NUMBER_SIZE; i-- > 0;) buf_u8(id, (uint8_t)(number >> 8 * i));
}

static bool read_octets(struct span id, struct span name, uint64_t *number)
{
    if (id.n != name.n + EXI_NUMBER_SIZE || !span_starts(id, name)) return false;
    *number = 0;
    for (size_t i = name.n; i < id.n; i++) *number = *number << 8 | id.p[i];
    return true;
}

enum err exi_number_read(struct span id, struct span name, uint64_t *number)
{
    struct buf octets = { 0 };

    if (read_octets(id, name, number)) return OK;
    enum err e = b64url_decode(id, &octets);
    if (e == OK && !read_octets(buf_span(&octets), name, number)) e = ERR_NOT_AUTHORIZED;
    buf_clear(&octets);
    return e == OK || e == ERR_NO_MEMORY ? e : ERR_NOT_AUTHORIZED;
}
