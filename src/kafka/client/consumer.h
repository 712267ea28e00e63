// Reading topics by offset.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "env/gate.h"
#include "env/wake_up.h"
#include "kafka/client/cluster_view.h"
#include "kafka/client/record_block.h"
#include "kafka/protocol/messages/fetch.h"

namespace logstore::kafka {

/// What to do when the broker has no record at the position, nor will have: it was deleted, or the log is
/// shorter than it was.
enum class out_of_range_policy { fail, earliest, latest };

struct consumer_options {
    /// How long a broker waits for the first byte.
    std::chrono::milliseconds wait_max{500};
    /// Of one answer, and of one partition in it; a batch comes whole however large it is.
    std::int32_t fetch_bytes_max = std::int32_t(8) << 20;
    std::int32_t partition_bytes_max = std::int32_t(2) << 20;
    /// Of answers that were not read yet: no more is asked for beyond, so that at most one answer of each
    /// broker is added.
    std::size_t buffered_bytes_max = std::size_t(32) << 20;
    std::size_t decompressed_batch_bytes_max = std::size_t(256) << 20;
    out_of_range_policy out_of_range = out_of_range_policy::fail;
    /// Between attempts after an error.
    backoff retry{std::chrono::milliseconds(100), std::chrono::seconds(1)};
    /// How long a partition may go without a good answer before next() fails with the reason.
    env::duration patience = std::chrono::seconds(30);
};

/// One executor. Gives each partition's records in order, of several partitions as they come. Reads ahead
/// within options.buffered_bytes_max. Checks every batch's CRC. Follows leaders and makes lost connections
/// again.
class consumer {
  public:
    /// `cluster` outlives it.
    consumer(cluster_view& cluster, consumer_options options);
    /// REQUIRES: close() has completed.
    ~consumer();
    consumer(const consumer&) = delete;
    consumer& operator=(const consumer&) = delete;

    /// Reads `what` from `from` on. REQUIRES: the cluster view has been asked for its topic; not added yet.
    void add(const topic_partition& what, offset from);
    /// Its records come no more; harmless when it is not read.
    void remove(const topic_partition& what);

    /// The next batch of any partition, which may have no record for the reader (a control batch); nothing
    /// when only a position has moved (out_of_range_policy). Waits; fails with client_errc::closed after
    /// stop(), else with what is wrong with a partition, which is then read no more. By one caller at a time.
    env::task<result<std::optional<record_block>>> next();
    /// Whether next() would have to wait.
    bool is_waiting() const { return chunks_.empty() && failures_.empty() && !stopped_; }
    /// Behind the last batch that next() gave; nothing when it is not read.
    std::optional<offset> position(const topic_partition& what) const;
    std::size_t partition_count() const { return partitions_.size(); }

    /// next() fails from now on, at once.
    void stop();
    /// stop(), and waits for requests under way. REQUIRES: next() is not under way; to be quick,
    /// cluster.shut() before.
    env::task<void> close();

    /// What keeps a partition from being read at the moment; nothing when all is well.
    const std::optional<error>& trouble() const { return trouble_; }

  private:
    struct partition_state;
    using partition_pointer = std::shared_ptr<partition_state>;
    /// What one answer brought of one partition: whole batches, one at least.
    struct chunk {
        partition_pointer from;
        std::shared_ptr<const void> owner;
        bytes_view rest;
        /// What it counts for.
        std::size_t bytes = 0;
    };

    env::task<void> run();
    std::optional<env::monotonic_time> step();
    void wake_at(env::monotonic_time when);
    env::task<void> fetch(broker_id leader, std::vector<partition_pointer> which);
    env::task<result<>> ask(std::shared_ptr<client_connection> connection,
                            std::vector<partition_pointer> which);
    void take(const partition_pointer& into, const fetch_response::partition& got,
              const std::shared_ptr<const void>& owner);
    void attempt_failed(const partition_pointer& of, const error& why);
    void out_of_range(const partition_pointer& of);
    env::task<void> reset(partition_pointer which, timestamp_ms to);
    env::task<void> refresh_metadata(std::string name);
    /// The next block of the first chunk; nothing when it lies below the position.
    result<std::optional<record_block>> cut_block();

    env::environment world_;
    cluster_view& cluster_;
    const consumer_options options_;
    std::map<topic_partition, partition_pointer> partitions_;
    std::set<broker_id> fetching_;
    std::deque<chunk> chunks_;
    std::deque<error> failures_;
    std::size_t buffered_bytes_ = 0;
    std::size_t turn_ = 0;
    bool stopped_ = false;
    bool has_moved_ = false;
    std::optional<error> trouble_;
    std::string stale_topic_;
    bool is_refreshing_ = false;
    env::monotonic_time next_refresh_at_;
    std::optional<env::monotonic_time> next_step_at_;
    env::wake_up wake_;
    env::change_signal news_;
    env::gate inside_;
};

}  // namespace logstore::kafka
