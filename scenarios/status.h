#ifndef SCENARIOS_STATUS_H
#define SCENARIOS_STATUS_H

/* What a shell sees of ace-scenarios. */
enum status {
    STATUS_FINE = 0,
    STATUS_FAILED = 1,        /* a system under test broke a MUST, a mutant survived, a report got worse */
    STATUS_ERROR = 2,         /* the command, a flow or the runner is at fault: the runs prove nothing */
    STATUS_INTERRUPTED = 130, /* by SIGINT, SIGTERM or SIGHUP: the report holds a part */
};

#endif
