#include "scenarios/orphans.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

void orphans_adopt(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* Of the group; takes note of all that have ended. */
static bool are_left(void)
{
    pid_t pid;

    while ((pid = waitpid(0, NULL, WNOHANG)) > 0) continue;
    return pid == 0;
}

/* Until a child ends. false: the time is over. */
static bool child_ends(const sigset_t *ends, const struct timespec *until)
{
    struct timespec now, left;

    clock_gettime(CLOCK_MONOTONIC, &now);
    left.tv_sec = until->tv_sec - now.tv_sec;
    left.tv_nsec = until->tv_nsec - now.tv_nsec;
    if (left.tv_nsec < 0) {
        left.tv_sec--;
        left.tv_nsec += 1000000000;
    }
    return left.tv_sec >= 0 && sigtimedwait(ends, NULL, &left) == SIGCHLD;
}

void orphans_end(unsigned ms)
{
    sigset_t ends;
    struct timespec until;
    int adopts = 0;

    prctl(PR_GET_CHILD_SUBREAPER, &adopts, 0, 0, 0);
    if (!adopts) return;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    if (!are_left()) return;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000 + (until.tv_nsec + ms % 1000 * 1000000L) / 1000000000;
    until.tv_nsec = (until.tv_nsec + ms % 1000 * 1000000L) % 1000000000;
    signal(SIGTERM, SIG_IGN); /* it is for the others */
    kill(0, SIGTERM);
    while (are_left() && child_ends(&ends, &until)) continue;
}

void orphans_kill(int worker)
{
    kill(-worker, SIGKILL);
}
