#include "scenarios/interrupt.h"

#include <signal.h>

/* A signal handler reaches nothing else. */
static volatile sig_atomic_t came;

static void note(int number)
{
    (void)number;
    came = 1;
}

void interrupt_watch(void)
{
    struct sigaction a = { .sa_handler = note, .sa_flags = (int)SA_RESETHAND };

    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

bool interrupt_came(void)
{
    return came != 0;
}
