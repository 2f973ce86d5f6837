#include "broker/meter.h"

#include "common/base/map.h"

bool meter_may(struct meter *m, struct span address, int64_t per_minute, int64_t now)
{
    if (m->minute != now / 60) memset(m->count, 0, sizeof m->count);
    m->minute = now / 60;
    uint32_t *count = &m->count[siphash(m->key, address) % METER_COUNTERS];
    if (*count >= per_minute) return false;
    ++*count;
    return true;
}
