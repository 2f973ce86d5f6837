#ifndef NET_TAP_H
#define NET_TAP_H

#include "common/net/link.h"

/*
 * What the links of this process carry, told as JSON lines: so a runner that drives both ends of a connection has two witnesses of each
 * message. It gives everything away, keys too: only for whoever drives the program by control lines, and only when asked.
 *
 *   {"tap":"opened","local":"127.0.0.1:8883","peer":"127.0.0.1:40000","version":772,"cipher":...,"group":...,"alpn":...,"ems":true,"resumed":false,
 *    "shown":1,"exporter":...,"key_type":1,"key":...,"identity":...}
 *   {"tap":"in"|"out","local":...,"peer":...,"bytes":...}      plaintext
 *   {"tap":"wire-in"|"wire-out",...,"bytes":...}                    what TLS made of it
 *   {"tap":"closed","local":...,"peer":...,"reason":...}       also of links that never opened
 *
 * Octets are in base64url. "shown" is enum tls_peer, "key_type" enum key_type; what is not there is left out.
 */
void tap_start(int out); /* file descriptor; from now on, for links that are open and links to come */

#endif
