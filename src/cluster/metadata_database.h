// The blocking half of the embedded metadata store: RocksDB, and nothing of executors or coroutines.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cluster/metadata_store.h"

namespace rocksdb {
class DB;
class Env;
class WriteBatchWithIndex;
}  // namespace rocksdb

namespace logstore::cluster {

struct metadata_database_options {
    /// With less than this free on the file system a transaction is refused with no_space, before anything is
    /// written: a write that runs out of room midway would leave an unknown outcome. Covers the log, one
    /// memtable and the manifest.
    std::uint64_t free_bytes_min = std::uint64_t(16) << 20;
    /// For repair only: cut the log at its first damage, wherever that is, and lose what is behind it.
    bool accept_loss = false;
    /// Told of every failed write and flush but for lack of space, by whichever thread meets it, RocksDB's
    /// own too, before anything is done about it. May end the process. May be empty.
    std::function<void(const error&)> on_failed_write;
};

/// RocksDB in one directory, small: a few MiB of memory, few files. Every function blocks. Reads may run in
/// several threads at once, also beside one commit; open, commit and destruction one at a time.
///
/// What commit() answered is on stable storage. After a failed write nothing more is written (errc::failed):
/// what the disk holds is known only after a restart, which reads it past the page cache.
class metadata_database {
  public:
    /// What one transaction did; `changes` is empty when it changed nothing.
    using commit_result = result<metadata_changes>;

    /// Makes the directory when it is absent (its parent must be there). An end of the log that a crash tore
    /// is cut; any other damage is corrupt.
    static result<std::unique_ptr<metadata_database>> open(std::string path,
                                                           metadata_database_options options);
    ~metadata_database();

    metadata_revision revision() const { return revision_; }
    result<std::optional<metadata_entry>> get(const std::string& key) const;
    result<metadata_listing> list(const std::string& prefix) const;

    /// Evaluates the transactions in order, each seeing those before it, and makes those that hold durable
    /// with one write.
    std::vector<commit_result> commit(std::span<const metadata_transaction> group);

  private:
    metadata_database(std::string path, metadata_database_options options,
                      std::unique_ptr<rocksdb::Env> files, std::unique_ptr<rocksdb::DB> db);

    result<> load_format();
    bool has_space(const metadata_transaction& what) const;
    commit_result add(rocksdb::WriteBatchWithIndex& batch, const metadata_transaction& what,
                      metadata_revision revision) const;
    result<std::optional<metadata_entry>> get_through(rocksdb::WriteBatchWithIndex& batch,
                                                      const std::string& key) const;

    const std::string path_;
    const metadata_database_options options_;
    std::unique_ptr<rocksdb::Env> files_;  ///< none: the default one
    std::unique_ptr<rocksdb::DB> db_;
    metadata_revision revision_ = no_revision;
    bool failed_ = false;
};

}  // namespace logstore::cluster
