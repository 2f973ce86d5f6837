#ifndef CLIENT_DRIVE_H
#define CLIENT_DRIVE_H

#include "client/config.h"

/*
 * `ace-client drive`: the device told what to do by JSON lines on standard input, for test runners in any language.
 *
 *   READY {"role":"client","version":1,"features":[...]}            first line written
 *   {"id":1,"do":"get-token","scope":"pub:a/b","audience":"broker1"}   read
 *   {"id":1,"ok":true,"expires_in":600,...}                            written when it is done
 *   {"id":2,"ok":false,"error":"refused","reason":135,...}             written when it did not work
 *   {"id":3,"ok":false,"error":"unsupported: ..."}                     a verb or value this client does not know
 *   {"event":"message","topic":...,"payload":...}                      written by itself; "disconnected", "closed" too
 *
 * Verbs: get-token (as audience scope pop enc cnonce), connect (tls mqtt pop token version clean_start client_id keep_alive session_expiry
 * will_topic will_payload will_qos will_retain), publish (topic payload qos retain), subscribe (filters qos), unsubscribe (filters),
 * reauth, ping, disconnect (reason), drop, forget, clock (offset), stop. Unknown members are refused by name. Values may be text or numbers.
 * Returns the exit status: 0 at the end of the input.
 */
int drive_run(const struct client_config *config);

#endif
