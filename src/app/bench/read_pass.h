// Several consumers that read a topic side by side.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "app/bench/load_tally.h"
#include "app/bench/topic_reader.h"
#include "env/gate.h"

namespace logstore::app::bench {

/// Each consumer has connections of its own and reads its share of the partitions. One executor.
class read_pass {
  public:
    struct shape {
        env::socket_address server;
        std::string topic;
        std::uint32_t consumers = 1;
        partition_offsets from;
        /// Without an end a partition is read for ever.
        partition_offsets to;
    };
    /// `visit` sees every batch; empty = the pass counts, and that is all.
    read_pass(env::environment world, shape what, std::function<void(const kafka::record_block&)> visit);
    read_pass(const read_pass&) = delete;
    read_pass& operator=(const read_pass&) = delete;

    /// Completes when all is read, a consumer has failed, or after stop(). Once.
    env::task<void> run();
    void stop();

    /// Records, bytes of values, batches as requests, the series, and what went wrong.
    const load_tally& tally() const { return tally_; }
    std::size_t consumers() const { return readers_.size(); }

  private:
    env::task<void> read_share(std::size_t which);
    void count(const kafka::record_block& block);
    void count_failure(const error& why);

    env::environment world_;
    const shape shape_;
    const std::function<void(const kafka::record_block&)> visit_;
    std::vector<std::unique_ptr<topic_reader>> readers_;
    std::vector<partition_offsets> shares_;
    env::gate reading_;
    bool stopped_ = false;
    load_tally tally_;
};

}  // namespace logstore::app::bench
