#ifndef CLIENT_COMPLAINT_H
#define CLIENT_COMPLAINT_H

#include "client/options.h"

/* What went wrong, as one line on standard error; nothing with --quiet. What peers sent is quoted. */
void complain(const struct client_options *o, const char *what, const char *why);
/* "Not authorized (0x87)", for as long as `into` lives; of MQTT 3.1.1 its return codes. */
enum { REASON_WORDS = 80 };
const char *reason_words(const struct client_options *o, uint8_t reason, char into[REASON_WORDS]);
void complain_reason(const struct client_options *o, const char *what, uint8_t reason);

#endif
