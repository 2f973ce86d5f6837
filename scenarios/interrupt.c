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
    struct sigaction a = { .sa_handler = note, .sa_flags = (int)SA_RESETHAND }, hangup;

    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    /* The terminal is gone; who is to live on without it has SIGHUP ignored. */
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &a, NULL);
}

bool interrupt_came(void)
{
    return came != 0;
}
