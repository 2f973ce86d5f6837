#include "common/crypto/tls_facts.h"

enum err tls_facts_copy(const struct tls_facts *from, struct tls_facts *to)
{
    *to = *from;
    to->psk_identity = (struct buf){ 0 };
    to->peer_key = from->peer_key ? key_ref(from->peer_key) : NULL;
    buf_add(&to->psk_identity, buf_span(&from->psk_identity));
    if (!buf_failed(&to->psk_identity)) return OK;
    tls_facts_clear(to);
    return ERR_NO_MEMORY;
}

void tls_facts_clear(struct tls_facts *f)
{
    if (!f) return;
    key_free(f->peer_key);
    buf_clear(&f->psk_identity);
    explicit_bzero(f, sizeof *f);
}
