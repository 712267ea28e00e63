// What this project asks of RocksDB and of the directory it lives in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include "base/result.h"

namespace logstore::cluster {

/// Options for a few thousand small keys: little memory, few files, nothing periodic. The log is read at open
/// up to a torn end; any other damage in it fails the open.
rocksdb::Options small_rocks_options();

/// Makes `path` durably when it is absent, and drops its files from the page cache, so that what is read at
/// open is what the disk has: after a failed flush the cache holds bytes that the disk never got.
result<> prepare_rocks_directory(const std::string& path);

/// The error for a failed DB::Open of `path`.
std::unexpected<error> rocks_open_failure(const std::string& path, const rocksdb::Status& status);

/// Bytes that this process may still use on the file system of `path`; nothing when it cannot be told.
std::optional<std::uint64_t> free_space_bytes(const std::string& path);

}  // namespace logstore::cluster
