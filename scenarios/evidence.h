#ifndef SCENARIOS_EVIDENCE_H
#define SCENARIOS_EVIDENCE_H

#include "common/codec/doc.h"
#include "common/net/link.h"
#include "scenarios/world.h"

/*
 * What a run said on the wire, for people with Wireshark: wire.pcap, and in keys.log the secrets that decrypt it (NSS key log format).
 * One end of each connection suffices, and the first that is heard of it is believed: a puppet's link, or a program's tap line. The
 * ports of the world's broker and AS are written as 8883 and 443, by which Wireshark knows what is inside. What a run says beyond
 * MAX_CAPTURE is not kept.
 */
struct evidence;

enum { MAX_CAPTURE = 8 << 20 };

/* From now on all links of this process are watched. `w` must outlive it. Errors: ERR_NO_MEMORY. */
MUST_USE enum err evidence_new(const struct world *w, struct evidence **out);
void evidence_free(struct evidence *e); /* when the process has no more links */

/* For the TLS configurations of puppets. NULL: none is kept. */
struct tls_keylog evidence_keylog(struct evidence *e);

/* A line of a program's tap (common/net/tap.h). */
void evidence_tap(struct evidence *e, const struct doc *line);

/* Writes both files into `dir`. Programs that log their own keys have begun the file: it is added to.
 * Errors: ERR_IO with a reason in `message`, ERR_NO_MEMORY. */
MUST_USE enum err evidence_write(struct evidence *e, const char *dir, struct buf *message);

#endif
