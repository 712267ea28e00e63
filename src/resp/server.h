// The Redis front door of one shard: its listener and its connections.
#pragma once

#include <coroutine>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "base/result.h"
#include "env/stream.h"
#include "env/task.h"
#include "resp/connection.h"
#include "resp/metrics.h"
#include "resp/options.h"
#include "resp/process_limits.h"

namespace logstore::resp {

/// Accepts Redis clients on one shard and serves them there. Every shard has one, all on the same address; the kernel
/// spreads the connections. All functions belong to the shard's thread.
class server final : private connection_owner {
  public:
    /// `shard_index`: of this shard among those that `limits` was made with. `target` and `limits` outlive the server.
    server(broker& target, process_limits& limits, std::size_t shard_index, server_options options);
    /// REQUIRES: stop() has completed, or listen() was never called.
    ~server() override;
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Begins to accept. With `shared`, other shards listen on the same address.
    result<> listen(const env::socket_address& at, bool shared);
    /// The port in use. REQUIRES: listen() succeeded.
    std::uint16_t port() const { return listener_->port(); }

    /// Accepts no more. Connections without a command under way are closed at once, the others when theirs are
    /// answered, or cut off after options.stop_timeout. Completes when all have gone and everything they began is
    /// done. Once.
    env::task<void> stop();

    const server_metrics& metrics() const { return metrics_; }

  private:
    void on_accept(std::unique_ptr<env::stream> socket);
    bool admit(env::stream& socket);
    void on_gone(connection& which) override;
    void start_tick();
    env::duration tick_interval() const;
    void abort_all();

    process_limits& limits_;
    const server_options options_;
    server_metrics metrics_;
    complaints complaints_;
    topic_memo memo_;
    key_places places_;
    bool is_stopping_ = false;
    const serving with_;
    connection::patience patience_;

    std::unique_ptr<env::listener> listener_;
    /// In the order in which they were accepted.
    std::list<std::unique_ptr<connection>> connections_;
    std::optional<env::timer_id> tick_timer_;
    std::coroutine_handle<> empty_waiter_;
};

}  // namespace logstore::resp
