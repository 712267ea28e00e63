// Who watches a metadata store of this process, and the latest changes for those who begin late.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "cluster/metadata_store.h"
#include "env/executor.h"

namespace logstore::cluster {

/// The recent transactions of a store in order, and its watchers. One executor. Watchers are called from the
/// executor's queue, so in order and never from inside publish() or watch(). The history is bounded by the
/// two limits below; a watch that begins before it gets a gap.
class metadata_history {
  public:
    static constexpr std::size_t transactions_max = 1024;
    static constexpr std::size_t bytes_max = std::size_t(1) << 20;

    /// Nothing is known of the transactions up to `begin`.
    metadata_history(env::executor& home, metadata_revision begin);

    /// REQUIRES: revisions are published in order, without gaps.
    void publish(metadata_changes changes);
    std::unique_ptr<metadata_watch> watch(std::string prefix, metadata_revision after,
                                          metadata_watcher watcher);
    metadata_revision latest() const { return latest_; }

  private:
    struct watching;
    class watch_handle;
    using shared_changes = std::shared_ptr<const metadata_changes>;

    void deliver(const std::shared_ptr<watching>& to, const shared_changes& changes);
    void trim();

    env::executor& home_;
    metadata_revision begin_;   ///< history_ holds every transaction after this one
    metadata_revision latest_;  ///< the last one published
    std::deque<shared_changes> history_;
    std::size_t history_bytes_ = 0;
    std::vector<std::weak_ptr<watching>> watchers_;
};

}  // namespace logstore::cluster
