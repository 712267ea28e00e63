// Small files that are replaced whole.
#pragma once

#include <string>

#include "env/file.h"

namespace logstore {

/// Writes `folder/name` whole or not at all: a new file beside it, flushed, renamed over it, the folder flushed.
env::task<result<>> replace_file(env::file_system* files, std::string folder, std::string name, byte_vector content);

/// Reads a file past the page cache. More than `bytes_max` is log_errc::corrupt.
env::task<result<byte_vector>> read_whole_file(env::file_system* files, std::string path, std::uint64_t bytes_max);

}  // namespace logstore
