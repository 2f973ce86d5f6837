#include "common/base/fault.h"

#include <stdarg.h>
#include <stdio.h>

void fault_set(struct fault *f, size_t at, const char *format, ...)
{
    va_list args;

    if (!f) return;
    f->at = at;
    va_start(args, format);
    vsnprintf(f->why, sizeof f->why, format, args);
    va_end(args);
}

void fault_position(struct span text, size_t at, unsigned *line, unsigned *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at && i < text.n; i++) {
        if (text.p[i] == '\n') {
            ++*line;
            *column = 1;
        } else {
            ++*column;
        }
    }
}
