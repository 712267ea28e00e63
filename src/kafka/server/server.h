// The Kafka front door of one shard: its listener and its connections.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "base/result.h"
#include "door/fair_turns.h"
#include "env/stream.h"
#include "env/task.h"
#include "kafka/server/connection.h"
#include "kafka/server/metrics.h"
#include "kafka/server/options.h"
#include "kafka/server/process_limits.h"

namespace logstore::kafka {

/// Accepts Kafka clients on one shard and serves them there. Every shard has one, all on the same address;
/// the kernel spreads the connections. All functions belong to the shard's thread.
class server final : private connection_owner {
  public:
    /// `shard_index`: of this shard among those that `limits` was made with. `target` and `limits` outlive
    /// the server.
    server(broker& target, process_limits& limits, std::size_t shard_index, server_options options);
    /// REQUIRES: stop() has completed, or listen() was never called.
    ~server() override;
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Begins to accept. With `shared`, other shards listen on the same address.
    result<> listen(const env::socket_address& at, bool shared);
    /// The port in use. REQUIRES: listen() succeeded.
    std::uint16_t port() const { return listener_->port(); }

    /// Accepts no more. Connections without a request under way are closed at once, the others when theirs
    /// are answered, or cut off after options.stop_timeout. Completes when all have gone and every append
    /// they made is done. Once.
    env::task<void> stop();

    const server_metrics& metrics() const { return metrics_; }
    /// Log lines about clients so far.
    std::uint64_t complaints_written() const { return complaints_.written(); }

  private:
    connection::patience current_patience();
    void on_accept(std::unique_ptr<env::stream> socket);
    void on_gone(connection& which) override;
    void start_tick();
    void on_tick();
    env::duration tick_interval() const;
    void abort_all();

    broker& target_;
    process_limits& limits_;
    const server_options options_;
    server_metrics metrics_;
    complaints complaints_;
    topic_memo memo_;
    produce_slots slots_;
    door::fair_turns turns_;
    const connection_resources resources_;
    connection::patience patience_;
    /// While others wait.
    std::uint32_t stalled_ticks_when_scarce_ = 0;

    std::unique_ptr<env::listener> listener_;
    /// In the order in which they were accepted.
    std::list<std::unique_ptr<connection>> connections_;
    std::optional<env::timer_id> tick_timer_;
    std::coroutine_handle<> empty_waiter_;
    bool is_stopping_ = false;
};

}  // namespace logstore::kafka
