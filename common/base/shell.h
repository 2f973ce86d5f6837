#ifndef BASE_SHELL_H
#define BASE_SHELL_H

#include "common/base/buf.h"

/* Appends a text as one word of a POSIX shell: as it is where no shell could mistake it, else in single quotes. */
void shell_word(struct buf *out, struct span text);

#endif
