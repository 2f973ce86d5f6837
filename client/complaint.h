#ifndef CLIENT_COMPLAINT_H
#define CLIENT_COMPLAINT_H

#include "client/options.h"

/* What went wrong, as one line on standard error; nothing with --quiet. What peers sent is quoted. */
void complain(const struct client_options *o, const char *what, const char *why);
void complain_reason(const struct client_options *o, const char *what, uint8_t reason);

#endif
