#ifndef TESTS_PROGRAMS_BED_H
#define TESTS_PROGRAMS_BED_H

#include "common/base/buf.h"

#include <sys/types.h>

/* The real programs, beside the test's executable, in a folder of their own. Nothing is waited for longer than this. */
enum { CHILD_PATIENCE_MS = 10000, CHILD_MAX_ARGS = 24 };

struct child {
    pid_t pid;
    int in, fd[2];      /* its standard input; its output and errors, -1: ended */
    struct buf text[2]; /* what came there */
    int status;         /* exit status, 128 + signal; -1: runs, or had to be killed */
};

enum { CHILD_OUT, CHILD_ERR };

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Starts build/.../bin/NAME in folder `dir`. `args` ends with NULL. */
void child_start(struct child *c, const char *dir, const char *name, const char *const *args);
/* The same with a program of the machine, found on the PATH. */
void child_start_foreign(struct child *c, const char *dir, const char *name, const char *const *args);
/* The file or folder NAME seen from the folder of the test's executable, build/.../bin. */
void path_beside(char out[4096], const char *name);
/* Waits until `text` stands in the output; false: it did not come in time, or the program ended before. */
bool child_says(struct child *c, int which, const char *text);
bool child_says_bytes(struct child *c, int which, struct span bytes);
/* Closes its input and waits for its end. Returns the exit status; -1: it hung, and was killed. */
int child_end(struct child *c);
/* As child_end(), but leaves the input open until then. */
int child_wait(struct child *c);
void child_clear(struct child *c);
size_t child_lines(const struct child *c, int which);

/* Reads, replaces every `from` by `to`, writes under another name. Fails the test when `from` is not there. */
void file_edit(const char *dir, const char *name, const char *from, const char *to, const char *out);
void file_put(const char *dir, const char *name, const char *text);

#endif
