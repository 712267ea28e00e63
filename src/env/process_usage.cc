#include "env/process_usage.h"

#include <array>
#include <fstream>
#include <sstream>
#include <string>

#include <dirent.h>
#include <time.h>
#include <unistd.h>

namespace logstore::env {
namespace {

duration of(const timespec& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::uint64_t count_open_files() {
    DIR* const folder = ::opendir("/proc/self/fd");
    if (folder == nullptr) return 0;
    std::uint64_t entries = 0;
    while (::readdir(folder) != nullptr) ++entries;
    ::closedir(folder);
    constexpr std::uint64_t not_files = 3;  // ".", ".." and the folder that is being read
    return entries > not_files ? entries - not_files : 0;
}

/// Seconds since 1970 at which the machine started.
std::int64_t boot_time_s() {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("btime ")) return std::stoll(line.substr(6));
    return 0;
}

/// "PID (NAME) STATE …", where the name may hold anything; the fields behind it are numbers.
void read_stat(process_usage& usage) {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) return;
    std::istringstream fields(line.substr(name_end + 1));
    std::array<std::uint64_t, 25> values{};  // by the numbers of proc(5): the state is 3
    std::string skipped;
    fields >> skipped;
    for (std::size_t number = 4; number < values.size(); ++number) {
        if (!(fields >> skipped)) return;
        if (skipped[0] != '-') values[number] = std::stoull(skipped);
    }
    constexpr std::size_t start_ticks = 22, virtual_bytes = 23, resident_pages = 24;
    const long ticks_per_second = ::sysconf(_SC_CLK_TCK);
    usage.virtual_bytes = values[virtual_bytes];
    usage.resident_bytes = values[resident_pages] * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    if (ticks_per_second <= 0) return;
    const std::int64_t after_boot_ms =
        static_cast<std::int64_t>(values[start_ticks]) * 1000 / ticks_per_second;
    usage.started = timestamp_ms(boot_time_s() * 1000 + after_boot_ms);
}

}  // namespace

process_usage read_process_usage() {
    process_usage usage;
    usage.open_files = count_open_files();
    read_stat(usage);
    timespec time{};
    if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0) usage.processor_time = of(time);
    return usage;
}

duration thread_processor_time() {
    timespec time{};
    return ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 ? of(time) : duration{};
}

}  // namespace logstore::env
