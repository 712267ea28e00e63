#include "resp/server.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"

namespace logstore::resp {

server::server(broker& target, process_limits& limits, std::size_t shard_index, server_options options)
    : limits_(limits),
      options_(std::move(options)),
      complaints_("resp", target.world().time()),
      with_{target,
            options_,
            limits,
            limits.request_memory.share(shard_index),
            limits.answer_memory.share(shard_index),
            metrics_,
            complaints_,
            memo_,
            places_,
            is_stopping_} {
    const auto ticks = [&](env::duration time) {
        constexpr env::duration::rep ticks_max = std::numeric_limits<std::uint32_t>::max();
        return static_cast<std::uint32_t>(std::min<env::duration::rep>(time / tick_interval(), ticks_max));
    };
    patience_.idle_ticks = ticks(options_.idle_timeout);
    patience_.request_ticks = ticks(options_.request_timeout);
    patience_.write_ticks = ticks(options_.write_timeout);
}

server::~server() {
    CHECK(connections_.empty() && !tick_timer_, "a server is stopped before it goes");
}

result<> server::listen(const env::socket_address& at, bool shared) {
    auto listening = with_.target.world().net.listen(
        at, shared, [this](std::unique_ptr<env::stream> socket) { on_accept(std::move(socket)); });
    if (!listening) return std::unexpected(listening.error());
    listener_ = std::move(*listening);
    start_tick();
    return {};
}

// --- connections

bool server::admit(env::stream& socket) {
    const std::string peer = socket.peer();
    switch (limits_.connections.enter(connection_counts::address_of(peer))) {
        case connection_counts::verdict::admitted: return true;
        case connection_counts::verdict::too_many:
            complaints_.write("refused the connection of {}: {} are open, as many as may be", peer,
                              limits_.connections.total_max());
            break;
        case connection_counts::verdict::too_many_of_address:
            complaints_.write("refused the connection of {}: its address has {} open, as many as it may", peer,
                              limits_.connections.per_address_max());
            break;
    }
    ++metrics_.connections_over_limit;
    // Redis' words; the socket takes them, or the client sees the end only.
    static constexpr std::string_view refusal = "-ERR max number of clients reached\r\n";
    socket.send(env::shared_bytes(nullptr, bytes_of(refusal)));
    socket.flush();
    return false;
}

void server::on_accept(std::unique_ptr<env::stream> socket) {
    if (is_stopping_ || !admit(*socket)) return;  // the stream closes as it goes
    ++metrics_.connections_accepted;
    ++metrics_.connections_open;
    connection_owner& owner = *this;
    connections_.push_back(std::make_unique<connection>(with_, owner, std::move(socket)));
    connections_.back()->place = std::prev(connections_.end());
    connections_.back()->start();
}

void server::on_gone(connection& which) {
    limits_.connections.leave(connection_counts::address_of(which.peer()));
    --metrics_.connections_open;
    connections_.erase(which.place);
    if (connections_.empty() && empty_waiter_) std::exchange(empty_waiter_, {}).resume();
}

// --- time

/// Idle and slow connections are found by ticks rather than by a clock reading for each command.
env::duration server::tick_interval() const {
    constexpr int ticks_min = 4;
    const env::duration shortest =
        std::min({options_.idle_timeout, options_.request_timeout, options_.write_timeout}) / ticks_min;
    return std::clamp<env::duration>(shortest, std::chrono::milliseconds(10), std::chrono::seconds(5));
}

void server::start_tick() {
    env::executor& loop = with_.target.world().loop;
    tick_timer_ = loop.start_timer(loop.time().now() + tick_interval(), [this] {
        for (const auto& one : connections_) one->on_tick(patience_);
        start_tick();
    });
}

// --- the end

env::task<void> server::stop() {
    CHECK(!is_stopping_, "a server is stopped once");
    is_stopping_ = true;
    listener_.reset();
    env::executor& loop = with_.target.world().loop;
    if (tick_timer_) loop.cancel_timer(*std::exchange(tick_timer_, {}));
    for (const auto& one : connections_) one->finish();

    const env::timer_id deadline =
        loop.start_timer(loop.time().now() + options_.stop_timeout, [this] { abort_all(); });
    struct all_gone {
        server& self;
        bool await_ready() const noexcept { return self.connections_.empty(); }
        void await_suspend(std::coroutine_handle<> waiting) const noexcept { self.empty_waiter_ = waiting; }
        void await_resume() const noexcept {}
    };
    co_await all_gone{*this};
    loop.cancel_timer(deadline);
}

void server::abort_all() {
    complaints_.write("cut off {} connections that did not finish within the time for stopping",
                      connections_.size());
    for (const auto& one : connections_) one->abort();
}

}  // namespace logstore::resp
