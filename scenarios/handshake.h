#ifndef SCENARIOS_HANDSHAKE_H
#define SCENARIOS_HANDSHAKE_H

#include "scenarios/stage.h"
#include "scenarios/strand.h"

/* TLS as a message of the flow language. */

/* What a puppet client (the broker as client of the AS) comes with. `in`: the fields of the step it makes, may be empty. */
MUST_USE enum err handshake_client(struct stage *s, enum role server, const struct fields *in,
                                   const struct tls_keylog *log, struct tls_config **out);
/* What a puppet server shows in this variant: a broker a key that is not its own where a flow says rs_key=key(...). */
MUST_USE enum err handshake_server(struct stage *s, enum role server, const struct tls_keylog *log,
                                   struct tls_config **out);

/* What this end saw of the handshake. Asked at the caller's end: the server's fields (FIELD_PEER), else the client's. */
void handshake_read(struct stage *s, const struct strand *end, struct fields *out);

/* The number of the peer's alert that ended the connection; 0: none did. */
unsigned handshake_alert(const char *reason);

#endif
