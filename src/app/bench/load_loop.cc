#include "app/bench/load_loop.h"

#include "base/check.h"

namespace logstore::app::bench {

/// One connection and what is under way on it.
class load_loop::worker final : public lane_listener {
  public:
    struct request {
        append_order what;
        env::monotonic_time due;
        bool is_measured = false;
    };

    worker(load_loop& owner, std::unique_ptr<lane> connection, std::vector<std::uint32_t> streams)
        : owner_(owner), connection_(std::move(connection)), streams_(std::move(streams)) {
        connection_->listen(*this);
    }

    void on_answer(const std::expected<void, refusal>& outcome) override { owner_.answered(*this, outcome); }

    bool has_room() const { return !is_lost && under_way.size() < owner_.plan_.in_flight; }
    std::uint32_t next_stream() {
        const std::uint32_t chosen = streams_[turn_];
        turn_ = (turn_ + 1) % streams_.size();
        return chosen;
    }
    lane& connection() { return *connection_; }

    std::deque<request> under_way;
    bool is_lost = false;
    bool waits_for_flush = false;

  private:
    load_loop& owner_;
    std::unique_ptr<lane> connection_;
    const std::vector<std::uint32_t> streams_;
    std::size_t turn_ = 0;
};

load_loop::load_loop(env::environment world, load_plan plan, stream_ledger& ledger)
    : world_(world), plan_(plan), ledger_(ledger) {
    CHECK(plan_.in_flight > 0 && plan_.records_per_request > 0);
    CHECK(!plan_.rate || *plan_.rate > 0);
}

load_loop::~load_loop() {
    CHECK(under_way_ == 0, "{} requests are under way", under_way_);
}

void load_loop::add(std::unique_ptr<lane> connection, std::vector<std::uint32_t> streams) {
    CHECK(!streams.empty());
    workers_.push_back(std::make_unique<worker>(*this, std::move(connection), std::move(streams)));
    ++open_connections_;
}

env::task<void> load_loop::run() {
    CHECK(!workers_.empty());
    started_at_ = world_.time().now();
    if (plan_.warm_up.count() == 0)
        begin_measuring();
    else
        phase_timer_ = world_.loop.start_timer(started_at_ + plan_.warm_up, [this] { begin_measuring(); });
    if (plan_.rate) {
        for (std::uint32_t i = 0; i < plan_.in_flight; ++i)
            for (const auto& one : workers_) idle_.push_back(one.get());
        send_due();
    } else {
        for (const auto& one : workers_) feed(*one, world_.time().now());
    }
    finish_if_done();
    co_await done_;
    const env::monotonic_time end = world_.time().now();
    if (is_measuring_) {
        tally_.elapsed = end - measuring_since_;
        tally_.series.finish(end);
    }
    for (const auto& timer : {phase_timer_, due_timer_})
        if (timer) world_.loop.cancel_timer(*timer);
    // The last answer is still being handed out: nobody may destroy its connection from here.
    co_await env::yield(world_.loop);
}

void load_loop::begin_measuring() {
    phase_timer_.reset();
    if (stopped_) return;
    is_measuring_ = true;
    measuring_since_ = world_.time().now();
    tally_.series.begin(measuring_since_);
    if (plan_.duration)
        phase_timer_ = world_.loop.start_timer(measuring_since_ + *plan_.duration, [this] {
            phase_timer_.reset();
            stop();
        });
}

void load_loop::stop() {
    if (std::exchange(stopped_, true)) return;
    if (plan_.rate && is_measuring_) {
        const std::chrono::duration<double> since = world_.time().now() - started_at_;
        const auto due = static_cast<std::uint64_t>(since.count() * *plan_.rate);
        tally_.overdue = due > sent_ ? due - sent_ : 0;
    }
    finish_if_done();
}

bool load_loop::has_more() const {
    return !stopped_ && open_connections_ > 0 && (!plan_.requests || measured_ < *plan_.requests);
}

void load_loop::feed(worker& by, env::monotonic_time now) {
    while (by.has_room() && has_more() && send(by, now)) {
    }
}

env::monotonic_time load_loop::due_at(std::uint64_t request) const {
    return started_at_ + env::duration(static_cast<env::duration::rep>(static_cast<double>(request) * 1e9 /
                                                                       plan_.rate.value()));
}

void load_loop::send_due() {
    const env::monotonic_time now = world_.time().now();
    while (has_more() && due_at(sent_) <= now) {
        while (!idle_.empty() && idle_.front()->is_lost) idle_.pop_front();
        if (idle_.empty()) return;  // the next answer comes back here
        worker& by = *idle_.front();
        idle_.pop_front();
        send(by, due_at(sent_));
    }
    if (!has_more() || due_timer_) return;
    due_timer_ = world_.loop.start_timer(due_at(sent_), [this] {
        due_timer_.reset();
        send_due();
        finish_if_done();
    });
}

bool load_loop::send(worker& by, env::monotonic_time due) {
    const std::uint32_t stream = by.next_stream();
    const std::uint64_t first = ledger_.take(stream, plan_.records_per_request);
    const bool is_measured = is_measuring_ && due >= measuring_since_;
    ++sent_;
    if (is_measured) ++measured_, ++tally_.sent;
    const append_order what{ledger_.streams()[stream].partition, stream, first};
    const auto sent = by.connection().send(what);
    if (!sent) {
        ledger_.give_back(stream, plan_.records_per_request);
        count_failure(sent.error(), is_measured);
        lose(by);
        return false;
    }
    ++under_way_;
    by.under_way.push_back({what, due, is_measured});
    if (watcher_ != nullptr) watcher_->on_sent(what, due, is_measured);
    if (plan_.in_flight == 1)
        by.connection().flush();
    else
        flush_later(by);
    return true;
}

/// Answers come several at a time: what they let go leaves in one call.
void load_loop::flush_later(worker& of) {
    if (std::exchange(of.waits_for_flush, true)) return;
    unflushed_.push_back(&of);
    if (unflushed_.size() > 1) return;
    world_.loop.post([this] {
        for (worker* one : std::exchange(unflushed_, {})) {
            one->waits_for_flush = false;
            one->connection().flush();
        }
    });
}

void load_loop::answered(worker& by, const std::expected<void, refusal>& outcome) {
    CHECK(!by.under_way.empty());
    const worker::request request = by.under_way.front();
    by.under_way.pop_front();
    --under_way_;
    const env::monotonic_time now = world_.time().now();
    if (outcome) {
        const env::duration latency = now - request.due;
        if (request.what.first_sequence == 0) tally_.first_touch = std::max(tally_.first_touch, latency);
        if (watcher_ != nullptr) watcher_->on_acknowledged(request.what, now);
        if (request.is_measured) count_success(now, latency);
    } else {
        ledger_.not_acknowledged(request.what.stream, request.what.first_sequence, plan_.records_per_request);
        if (watcher_ != nullptr) watcher_->on_failed(request.what);
        count_failure(outcome.error(), request.is_measured);
        if (outcome.error().is_lost) lose(by);
    }
    if (!plan_.rate) {
        feed(by, now);
    } else {
        if (!by.is_lost) idle_.push_back(&by);
        send_due();
    }
    finish_if_done();
}

void load_loop::count_success(env::monotonic_time now, env::duration latency) {
    ++tally_.succeeded;
    tally_.records += plan_.records_per_request;
    tally_.bytes += plan_.bytes_per_request;
    tally_.latencies.record(latency);
    tally_.series.add(now, latency, plan_.records_per_request, plan_.bytes_per_request);
}

void load_loop::count_failure(const refusal& why, bool is_measured) {
    if (!is_measured) ++tally_.sent;  // a failure counts whenever it comes
    ++tally_.failed;
    tally_.errors.add(why);
    if (is_measuring_) tally_.series.add_failure(world_.time().now());
}

void load_loop::lose(worker& which) {
    if (std::exchange(which.is_lost, true)) return;
    ++tally_.connections_lost;
    --open_connections_;
}

void load_loop::finish_if_done() {
    if (under_way_ == 0 && !has_more() && !done_.is_set()) done_.set(true);
}

}  // namespace logstore::app::bench
