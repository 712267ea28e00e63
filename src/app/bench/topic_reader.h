// Reads a topic from given offsets to given ends, once.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "env/environment.h"
#include "kafka/client/consumer.h"

namespace logstore::app::bench {

using partition_offsets = std::map<partition_id, offset>;

/// One consumer with connections of its own. Where records were removed before they were read, reading goes
/// on behind them. One executor.
class topic_reader {
  public:
    topic_reader(env::environment world, env::socket_address server, std::string topic,
                 kafka::consumer_options options = {});
    /// REQUIRES: close() has completed.
    ~topic_reader() = default;

    /// Completes when the topic is known. Before the rest.
    env::task<result<>> open();
    /// Of all its partitions: earliest_timestamp, latest_timestamp, or a time.
    env::task<result<partition_offsets>> offsets_at(timestamp_ms when);
    /// Shows `visit` the batches of the partitions in `from`, each up to its offset in `to`; without one, for
    /// ever. Fails with client_errc::closed after stop(). Once.
    env::task<result<>> read(partition_offsets from, partition_offsets to,
                             std::function<void(const kafka::record_block&)> visit);
    void stop();
    env::task<void> close();

  private:
    bool is_behind(partition_id which, const partition_offsets& ends) const;

    env::environment world_;
    const std::string topic_;
    kafka::cluster_view cluster_;
    kafka::consumer consumer_;
};

}  // namespace logstore::app::bench
