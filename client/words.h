#ifndef CLIENT_WORDS_H
#define CLIENT_WORDS_H

#include "client/options.h"

/* token, discover, pub, sub: each runs to its end and returns the exit status; messages go to standard error. */
int word_run(const struct client_options *o);

#endif
