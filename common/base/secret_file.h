#ifndef BASE_SECRET_FILE_H
#define BASE_SECRET_FILE_H

#include <stdio.h>

/* A file to append to that only its owner may read (mode 0600): keys of sessions, traces, what a program says. It is not inherited by programs that
 * are started. The caller closes. NULL: errno says why. */
FILE *secret_file_append(const char *path);

#endif
