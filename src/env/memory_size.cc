#include "env/memory_size.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <string_view>

#include <unistd.h>

namespace logstore::env {
namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

/// The number that a file begins with; "max" and what is no number are no limit.
std::uint64_t limit_in(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line)) return no_limit;
    std::uint64_t bytes = 0;
    const auto [end, failed] = std::from_chars(line.data(), line.data() + line.size(), bytes);
    return failed == std::errc() && end != line.data() ? bytes : no_limit;
}

/// The least limit of the group and of all it is in. A group that cannot be seen from here, as in a container,
/// leaves those above it.
std::uint64_t limit_of_group(const std::string& mount, std::string group, const std::string& file) {
    std::uint64_t least = limit_in(mount + "/" + file);
    while (group.size() > 1) {
        least = std::min(least, limit_in(mount + group + "/" + file));
        group.resize(group.rfind('/'));
    }
    return least;
}

bool names_memory(std::string_view controllers) {
    while (!controllers.empty()) {
        const std::size_t end = std::min(controllers.find(','), controllers.size());
        if (controllers.substr(0, end) == "memory") return true;
        controllers.remove_prefix(std::min(end + 1, controllers.size()));
    }
    return false;
}

}  // namespace

std::uint64_t usable_memory_bytes(const std::string& root, std::uint64_t machine_bytes) {
    std::uint64_t least = machine_bytes;
    std::ifstream groups(root + "/proc/self/cgroup");
    // "4:memory:/some/group", and in version 2 "0::/some/group".
    for (std::string line; std::getline(groups, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
        const std::string group = line.substr(second + 1);
        if (group.empty() || group[0] != '/') continue;
        if (controllers.empty()) {
            for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"})
                least = std::min(least, limit_of_group(root + mount, group, "memory.max"));
        } else if (names_memory(controllers)) {
            least = std::min(least,
                             limit_of_group(root + "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
        }
    }
    return least;
}

std::uint64_t usable_memory_bytes() {
    const auto pages = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES)));
    const auto page_bytes = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PAGESIZE)));
    return usable_memory_bytes("", pages == 0 ? no_limit : pages * page_bytes);
}

}  // namespace logstore::env
