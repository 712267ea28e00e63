// The topic that a bench writes to or reads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/bench/bench_options.h"
#include "app/console.h"
#include "app/interruption.h"
#include "env/environment.h"
#include "kafka/client/client_connection.h"
#include "kafka/protocol/messages/metadata.h"

namespace logstore::app::bench {

/// Found or made at the start of a run, over one connection to any broker; removed at its end when it was
/// made here. One executor; one call at a time.
class bench_topic {
  public:
    bench_topic(env::environment world, const bench_place& asked);

    /// When it completes each partition has a leader. An error names what is wrong; the topic may have been
    /// made all the same.
    env::task<result<>> find_or_make(interruption* stop);
    /// When it was made here; says so when that fails.
    env::task<void> remove_if_made(console* out);

    const std::string& name() const { return name_; }
    std::int32_t partition_count() const { return static_cast<std::int32_t>(leaders_.size()); }
    bool was_made() const { return was_made_; }
    /// By partition; there once find_or_make() has succeeded.
    const std::vector<env::socket_address>& leaders() const { return leaders_; }
    const env::socket_address& server() const { return server_; }

  private:
    env::task<result<>> connect();
    env::task<result<>> make(interruption* stop);
    env::task<result<kafka::metadata_response>> describe();
    /// Fills leaders_; an error with a retriable code while a partition has none.
    result<> read_leaders(const kafka::metadata_response& metadata);
    env::task<result<>> wait_for_leaders(interruption* stop);

    env::environment world_;
    const env::socket_address server_;
    const std::string name_;
    const std::optional<std::int32_t> partitions_;
    const std::int32_t partitions_when_made_;
    std::unique_ptr<kafka::client_connection> control_;
    std::vector<env::socket_address> leaders_;
    bool was_made_ = false;
};

}  // namespace logstore::app::bench
