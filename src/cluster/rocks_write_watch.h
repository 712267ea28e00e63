// Failed writes of RocksDB, heard of before RocksDB does anything about them.
#pragma once

#include <functional>
#include <memory>

#include <rocksdb/env.h>

#include "base/result.h"

namespace logstore::cluster {

/// The default environment, but every failed write, flush or truncation of a file that a database writes, and
/// every failed flush of a directory, is told to `on_failed_write` first, by the thread that met it: any of
/// RocksDB's own too. It may end the process: RocksDB goes on in ways of its own after such a failure (it
/// asserts, writes other files, tries again). Lack of space is not told: RocksDB waits for room by itself,
/// and a transaction that meets it fails. Must outlive the database.
std::unique_ptr<rocksdb::Env> watched_rocks_env(std::function<void(const error&)> on_failed_write);

}  // namespace logstore::cluster
