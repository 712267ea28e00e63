// Latencies by microseconds, a 64th exact.
#include "load.h"

static unsigned bucket_of(uint64_t us) {
    if (us < 64) return (unsigned)us;
    const int shift = 63 - __builtin_clzll(us) - 6;
    return (unsigned)(shift + 1) * 64 + (unsigned)((us >> shift) - 64);
}

static uint64_t value_of(unsigned bucket) {
    if (bucket < 64) return bucket;
    return (uint64_t)(bucket % 64 + 64) << (bucket / 64 - 1);
}

void histogram_add(histogram* to, uint64_t us) {
    const unsigned bucket = bucket_of(us), last = sizeof to->counts / sizeof to->counts[0] - 1;
    ++to->counts[bucket < last ? bucket : last];
    ++to->total;
    if (us > to->highest) to->highest = us;
}

uint64_t histogram_at(const histogram* from, double share) {
    uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < sizeof from->counts / sizeof from->counts[0]; ++bucket) {
        seen += from->counts[bucket];
        if ((double)seen >= share * (double)from->total) return value_of(bucket);
    }
    return from->highest;
}
