// How many files and connections this process may have open.
#pragma once

#include <cstdint>

namespace logstore::env {

/// Raises the limit to what the system allows this process (`ulimit -n` is often 1024, and every connection
/// counts). No harm when it cannot.
void raise_open_files_limit();

/// The limit in force; the largest number when there is none.
std::uint64_t open_files_limit();

}  // namespace logstore::env
