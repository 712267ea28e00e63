// The load of a bench: appends over many connections, closed loop or open.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "app/bench/lane.h"
#include "app/bench/load_tally.h"
#include "app/bench/stream_ledger.h"
#include "env/completion.h"
#include "env/environment.h"

namespace logstore::app::bench {

/// How much, how fast, and when to stop. Plain value.
struct load_plan {
    /// Requests in all, after the warm-up; nothing = until `duration` is over, or stop().
    std::optional<std::uint64_t> requests;
    /// Of the measurement, after the warm-up.
    std::optional<env::duration> duration;
    /// Requests sent before it is over are not counted.
    env::duration warm_up{0};
    /// Requests under way on one connection.
    std::uint32_t in_flight = 1;
    /// Open loop: requests a second over all connections, evenly spaced, each due at its time whether the
    /// server keeps up or not. Nothing = closed loop.
    std::optional<double> rate;
    std::uint32_t records_per_request = 1;
    /// Of the values of one request.
    std::uint64_t bytes_per_request = 0;
};

/// Told of every request of a loop.
class load_watcher {
  public:
    virtual ~load_watcher() = default;
    /// `due`: when its latency begins.
    virtual void on_sent(const append_order& what, env::monotonic_time due, bool is_measured) = 0;
    virtual void on_acknowledged(const append_order& what, env::monotonic_time now) = 0;
    virtual void on_failed(const append_order& what) = 0;
};

/// Any number of connections of one executor, `in_flight` requests under way on each. Closed loop: each
/// answer lets the next request go. Open loop: requests go when they are due, over the connection that has
/// waited longest; a latency begins when the request was due, so that what a stall held up counts with all
/// its waiting. A connection that breaks stays out; the others do its part. A request is never sent twice.
class load_loop {
  public:
    /// `ledger` learns what is sent of each stream; it outlives the loop.
    load_loop(env::environment world, load_plan plan, stream_ledger& ledger);
    ~load_loop();
    load_loop(const load_loop&) = delete;
    load_loop& operator=(const load_loop&) = delete;

    /// One more connection, which appends to these streams of the ledger in turn. Before run(). REQUIRES: a
    /// stream.
    void add(std::unique_ptr<lane> connection, std::vector<std::uint32_t> streams);
    /// `watcher` outlives the loop. Before run().
    void watch(load_watcher& watcher) { watcher_ = &watcher; }
    /// Completes when nothing is under way and nothing more is to be sent. Once. REQUIRES: a connection.
    env::task<void> run();
    /// Sends no more requests; run() completes when those under way are answered. Also before run().
    void stop();

    /// While run() is under way, `elapsed` is not there yet.
    const load_tally& tally() const { return tally_; }
    load_tally take_tally() { return std::move(tally_); }
    std::size_t connections() const { return workers_.size(); }

  private:
    class worker;

    void begin_measuring();
    bool has_more() const;
    /// Sends over `by` what may be sent now.
    void feed(worker& by, env::monotonic_time now);
    void send_due();
    env::monotonic_time due_at(std::uint64_t request) const;
    /// False when the connection is lost.
    bool send(worker& by, env::monotonic_time due);
    void flush_later(worker& of);
    void answered(worker& by, const std::expected<void, refusal>& outcome);
    void count_success(env::monotonic_time now, env::duration latency);
    void count_failure(const refusal& why, bool is_measured);
    void lose(worker& which);
    void finish_if_done();

    env::environment world_;
    const load_plan plan_;
    stream_ledger& ledger_;
    load_watcher* watcher_ = nullptr;
    std::vector<std::unique_ptr<worker>> workers_;
    std::size_t open_connections_ = 0;
    std::uint64_t under_way_ = 0;
    /// Requests that went, warm-up included; of an open loop the number of the next one.
    std::uint64_t sent_ = 0;
    std::uint64_t measured_ = 0;
    bool stopped_ = false;
    bool is_measuring_ = false;
    env::monotonic_time started_at_;
    env::monotonic_time measuring_since_;
    /// With room for a request, the one that has waited longest first; open loop only.
    std::deque<worker*> idle_;
    std::vector<worker*> unflushed_;
    std::optional<env::timer_id> phase_timer_, due_timer_;
    load_tally tally_;
    env::completion<bool> done_;
};

}  // namespace logstore::app::bench
