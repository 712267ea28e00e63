// A metadata store in memory, for simulations and tests.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cluster/metadata_history.h"
#include "cluster/metadata_store.h"
#include "env/executor.h"
#include "env/gate.h"

namespace logstore::cluster {

/// What a memory_metadata_store holds: outlives the store, as a disk outlives a process.
struct memory_metadata {
    std::map<std::string, metadata_entry> entries;
    metadata_revision revision = no_revision;
};

/// The contract of metadata_store on a map. A transaction is durable (kept in `content`) from some moment
/// between the call and its answer, both of which are steps of their own on the executor, so that a
/// simulation can crash in between. One store at a time uses a content.
class memory_metadata_store final : public metadata_store {
  public:
    explicit memory_metadata_store(
        env::executor& home, std::shared_ptr<memory_metadata> content = std::make_shared<memory_metadata>());

    env::task<result<std::optional<metadata_entry>>> get(std::string key) override;
    env::task<result<metadata_listing>> list(std::string prefix) override;
    env::task<result<metadata_revision>> transact(metadata_transaction what) override;
    std::unique_ptr<metadata_watch> watch(std::string prefix, metadata_revision after,
                                          metadata_watcher watcher) override;
    env::task<void> close() override;

    /// Every transaction after the next `count` ones answers `code` and does nothing (conflict, no_space,
    /// failed); with unknown_outcome it is done and answered so.
    void fail_transactions_after(std::size_t count, errc code);
    void stop_failing() { failure_.reset(); }

  private:
    struct planned_failure {
        std::size_t after = 0;
        errc code = errc::io;
    };

    bool holds(const metadata_transaction& what) const;
    metadata_revision apply(const metadata_transaction& what);
    std::optional<errc> next_failure();

    env::executor& home_;
    std::shared_ptr<memory_metadata> content_;
    metadata_history history_;
    env::gate calls_;
    std::optional<planned_failure> failure_;
};

}  // namespace logstore::cluster
