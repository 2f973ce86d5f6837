#include "common/base/secret_file.h"

#include <fcntl.h>
#include <unistd.h>

FILE *secret_file_append(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "a");

    if (fd >= 0 && !f) close(fd);
    return f;
}
