#include "kafka/server/server.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "base/check.h"

namespace logstore::kafka {

server::server(broker& target, process_limits& limits, std::size_t shard_index, server_options options)
    : target_(target),
      limits_(limits),
      options_(std::move(options)),
      complaints_("kafka", target.world().time()),
      turns_(target.world().loop),
      resources_{{target_, options_, metrics_, complaints_, memo_},
                 limits.request_memory.share(shard_index),
                 limits.kept_memory.share(shard_index),
                 *limits.frame_memory[shard_index],
                 limits.answer_memory.share(shard_index),
                 slots_,
                 turns_,
                 *this} {
    const auto ticks = [&](env::duration time) {
        constexpr env::duration::rep ticks_max = std::numeric_limits<std::uint32_t>::max();
        return static_cast<std::uint32_t>(std::min<env::duration::rep>(time / tick_interval(), ticks_max));
    };
    patience_.idle_ticks = ticks(options_.idle_timeout);
    patience_.stalled_ticks = ticks(options_.stalled_frame_timeout);
    stalled_ticks_when_scarce_ =
        std::min(patience_.stalled_ticks, ticks(options_.stalled_frame_timeout_when_scarce));
}

server::~server() {
    CHECK(connections_.empty() && !tick_timer_, "a server is stopped before it goes");
}

result<> server::listen(const env::socket_address& at, bool shared) {
    auto listening = target_.world().net.listen(
        at, shared, [this](std::unique_ptr<env::stream> socket) { on_accept(std::move(socket)); });
    if (!listening) return std::unexpected(listening.error());
    listener_ = std::move(*listening);
    start_tick();
    return {};
}

// --- connections

void server::on_accept(std::unique_ptr<env::stream> socket) {
    if (is_stopping_) return;  // the stream closes as it goes
    const std::string peer = socket->peer();
    connection_counts& counts = limits_.connections;
    switch (counts.enter(connection_counts::address_of(peer))) {
        case connection_counts::verdict::admitted: break;
        case connection_counts::verdict::too_many:
            ++metrics_.connections_over_limit;
            return complaints_.write("refused the connection of {}: {} are open, as many as may be", peer,
                                     counts.total_max());
        case connection_counts::verdict::too_many_of_address:
            ++metrics_.connections_over_limit;
            return complaints_.write("refused the connection of {}: its address has {}, as many as it may", peer,
                                     counts.per_address_max());
    }
    ++metrics_.connections_accepted;
    ++metrics_.connections_open;
    connections_.push_back(std::make_unique<connection>(resources_, std::move(socket)));
    connections_.back()->peer = peer;
    connections_.back()->place = std::prev(connections_.end());
    connections_.back()->start();
}

void server::on_gone(connection& which) {
    limits_.connections.leave(connection_counts::address_of(which.peer));
    --metrics_.connections_open;
    connections_.erase(which.place);
    if (connections_.empty() && empty_waiter_) std::exchange(empty_waiter_, {}).resume();
}

// --- time

/// Idle and stalled connections are found by ticks rather than by a clock reading for each request.
env::duration server::tick_interval() const {
    constexpr int ticks_min = 4;
    const env::duration shortest = std::min({options_.idle_timeout, options_.stalled_frame_timeout,
                                             options_.stalled_frame_timeout_when_scarce}) /
                                   ticks_min;
    return std::clamp<env::duration>(shortest, std::chrono::milliseconds(10), std::chrono::seconds(10));
}

void server::start_tick() {
    env::executor& loop = target_.world().loop;
    tick_timer_ = loop.start_timer(loop.time().now() + tick_interval(), [this] { on_tick(); });
}

void server::on_tick() {
    const connection::patience patience = current_patience();
    for (const auto& one : connections_) one->on_tick(patience);
    start_tick();
}

connection::patience server::current_patience() {
    connection::patience now = patience_;
    if (resources_.frame_memory.take_scarcity()) {
        now.stalled_ticks = stalled_ticks_when_scarce_;
        now.must_keep_pace = true;
    }
    now.must_not_wait = resources_.request_memory.is_scarce();
    if (resources_.answer_memory.is_scarce()) now.unread_ticks = std::max(1u, stalled_ticks_when_scarce_);
    return now;
}

// --- the end

env::task<void> server::stop() {
    CHECK(!is_stopping_, "a server is stopped once");
    is_stopping_ = true;
    listener_.reset();
    env::executor& loop = target_.world().loop;
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

}  // namespace logstore::kafka
