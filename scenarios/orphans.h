#ifndef SCENARIOS_ORPHANS_H
#define SCENARIOS_ORPHANS_H

/*
 * What a system under test has started and not ended: the server behind a wrapper (sh, npm, docker). A worker and all whom its run starts are one
 * process group; what leaves it is beyond us.
 */

/* In the worker, which leads the group: whoever loses its parent becomes the worker's child. */
void orphans_adopt(void);

/* In the worker, when its programs have ended: SIGTERM to all that are left, and so long to end by it. Costs nothing where nobody is left, and does
 * nothing in a process that has adopted nobody. */
void orphans_end(unsigned ms);

/* In the runner, before the worker is reaped, as its number is taken as long as that: SIGKILL to the whole group. */
void orphans_kill(int worker);

#endif
