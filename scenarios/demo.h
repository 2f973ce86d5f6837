#ifndef SCENARIOS_DEMO_H
#define SCENARIOS_DEMO_H

/* `ace-scenarios demo DIR`: settings, keys and certificates for trying the programs by hand. Returns the exit status. */
int demo_write(const char *dir);

#endif
