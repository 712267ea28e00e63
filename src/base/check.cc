#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace logstore {

void check_failed(const char* file, int line, const char* condition, const std::string& message) {
    // stderr, not the logger: the logger may be what broke.
    std::fprintf(stderr, "logstore: broken invariant at %s:%d: %s%s%s\n", file, line, condition,
                 message.empty() ? "" : ": ", message.c_str());
    std::fflush(stderr);
    std::abort();
}

}  // namespace logstore
