#include "env/system_clock.h"

#include <ctime>

namespace logstore::env {
namespace {

timespec read_clock(clockid_t which) {
    timespec t{};
    clock_gettime(which, &t);
    return t;
}

}  // namespace

monotonic_time system_clock::now() const {
    const timespec t = read_clock(CLOCK_MONOTONIC);
    return monotonic_time(duration(std::int64_t(t.tv_sec) * 1'000'000'000 + t.tv_nsec));
}

timestamp_ms system_clock::wall_now() const {
    const timespec t = read_clock(CLOCK_REALTIME);
    return timestamp_ms(std::int64_t(t.tv_sec) * 1'000 + t.tv_nsec / 1'000'000);
}

}  // namespace logstore::env
