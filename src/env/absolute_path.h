// Paths as other programs can use them.
#pragma once

#include <string>

namespace logstore::env {

/// `path` from the root on, without "." and ".." where that needs no look at the disk. As it is when it
/// begins at the root already, or when the process has no current directory.
std::string absolute_path(const std::string& path);

}  // namespace logstore::env
