#include "env/open_files_limit.h"

#include <limits>

#include <sys/resource.h>

namespace logstore::env {

void raise_open_files_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::uint64_t open_files_limit() {
    rlimit limit{};
    const bool is_known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    return is_known ? std::uint64_t(limit.rlim_cur) : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace logstore::env
