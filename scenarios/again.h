#ifndef SCENARIOS_AGAIN_H
#define SCENARIOS_AGAIN_H

#include "scenarios/result.h"

/* The runs that a report.json says failed, or ended as errors: what --only-failed plays again. */
struct again;

/* Errors: ERR_IO, ERR_MALFORMED, ERR_TOO_LARGE with a reason in `message`, ERR_NO_MEMORY. */
MUST_USE enum err again_read(const char *path, struct again **out, struct buf *message);
void again_free(struct again *a);

size_t again_count(const struct again *a);

/* Is it one of them: by its scenario, its variant as variant_print() writes it, and who plays whom? */
bool again_wants(const struct again *a, const struct run_result *r);

#endif
