// The metadata store of a single node: RocksDB in the data directory.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/metadata_database.h"
#include "cluster/metadata_history.h"
#include "cluster/metadata_store.h"
#include "env/executor.h"
#include "env/gate.h"
#include "env/worker_pool.h"

namespace logstore::cluster {

struct embedded_metadata_options {
    metadata_database_options database;
    /// Transactions that wait for the one under way; more are refused with overloaded.
    std::size_t waiting_max = 16'384;
    /// Transactions made durable with one write.
    std::size_t group_max = 256;
    /// Called once, on the store's executor, when a durable write has failed: from then on every transaction
    /// is refused, and the process should end so that a restart finds out what the disk holds. May be empty.
    std::function<void(const error&)> on_failure;
};

/// The contract of metadata_store on a metadata_database. All blocking calls run on the worker pool, never on
/// the executor. Transactions that arrive while one is being written are written together by the next write.
class embedded_metadata_store final : public metadata_store {
  public:
    /// Opens `path` or makes it (its parent must be there). `pool` and `home` outlive the store.
    static env::task<result<std::unique_ptr<embedded_metadata_store>>> open(
        env::worker_pool* pool, env::executor* home, std::string path, embedded_metadata_options options);
    ~embedded_metadata_store() override;

    env::task<result<std::optional<metadata_entry>>> get(std::string key) override;
    env::task<result<metadata_listing>> list(std::string prefix) override;
    env::task<result<metadata_revision>> transact(metadata_transaction what) override;
    std::unique_ptr<metadata_watch> watch(std::string prefix, metadata_revision after,
                                          metadata_watcher watcher) override;
    env::task<void> close() override;

  private:
    struct waiting_transaction;
    using group = std::vector<waiting_transaction*>;

    embedded_metadata_store(env::worker_pool& pool, env::executor& home,
                            std::unique_ptr<metadata_database> database, embedded_metadata_options options);

    /// Writes group after group until nothing waits.
    env::task<void> commit_waiting();
    void finish(const group& written, std::vector<metadata_database::commit_result> results);
    void report_failure(const error& why);

    env::worker_pool& pool_;
    env::executor& home_;
    std::unique_ptr<metadata_database> database_;  ///< none once closed
    const embedded_metadata_options options_;
    metadata_history history_;
    env::gate calls_;
    std::deque<waiting_transaction*> waiting_;
    bool committing_ = false;  ///< commit_waiting() is under way
    bool failure_reported_ = false;
};

}  // namespace logstore::cluster
