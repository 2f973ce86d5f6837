#ifndef BASE_VERSION_H
#define BASE_VERSION_H

/* Of all our programs: they are built and told of together. */
#define ACE_VERSION "0.1.0"

#endif
