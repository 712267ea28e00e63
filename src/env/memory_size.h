// How much memory this process may use.
#pragma once

#include <cstdint>
#include <string>

namespace logstore::env {

/// The machine's memory, or the least limit of the control groups that this process is in (versions 1 and 2),
/// where that is less. What cannot be read limits nothing.
std::uint64_t usable_memory_bytes();

/// The same with the files of a process and of control groups below `root`, for tests.
std::uint64_t usable_memory_bytes(const std::string& root, std::uint64_t machine_bytes);

}  // namespace logstore::env
