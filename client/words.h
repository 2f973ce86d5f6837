#ifndef CLIENT_WORDS_H
#define CLIENT_WORDS_H

#include "client/options.h"

/* Exit statuses of ace-client, documented in its --help. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3, EXIT_NETWORK = 4, EXIT_TIMEOUT = 5 };

/* token, discover, pub, sub: each runs to its end and returns the exit status; messages go to standard error. */
int word_run(const struct client_options *o);

#endif
