#ifndef SCENARIOS_PROBE_H
#define SCENARIOS_PROBE_H

#include "scenarios/strand.h"
#include "scenarios/sut.h"

/*
 * The first words with a broker of which we know the address: a few connections that ask what it is. What it shows nothing of is taken out of
 * s->features, so that it is skipped and not blamed; what was seen is told in s->probed, a sentence for people. Whatever is not offered need
 * not be asked for: RPK, PSK, authz-info, TLS 1.2 and MQTT 3.1.1 are all optional for it.
 *
 * Errors: ERR_PROTOCOL (TLS is fine, but CONNECT gets no CONNACK: no MQTT 5 is there), ERR_TIMEOUT, with a complete sentence in `message`;
 * ERR_NO_MEMORY.
 */
MUST_USE enum err probe_broker(struct net *n, struct sut *s, struct buf *message);

#endif
