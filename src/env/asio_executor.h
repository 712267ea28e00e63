// The executor of production: one Boost.Asio io_context on one thread. Private to env.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "env/executor.h"
#include "env/mailbox.h"
#include "env/timer_queue.h"

namespace logstore::env {

/// Asio's objects on the concrete executor: the usual ones go through a type-erased one at each operation.
using asio_descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
using asio_timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                     boost::asio::wait_traits<std::chrono::steady_clock>,
                                                     boost::asio::io_context::executor_type>;

/// Something to do once when the current burst of work has run, however often it was asked for: one
/// io_uring_enter for all that was queued.
class turn_end_hook {
  public:
    virtual ~turn_end_hook() = default;
    virtual void at_turn_end() = 0;

  private:
    friend class asio_executor;
    bool asked_ = false;
};

/// Posted work waits in a queue of its own, which one Asio handler drains: a burst costs one trip through the
/// reactor. Until run(), and after it returned, the executor belongs to the thread that made it.
class asio_executor final : public executor {
  public:
    explicit asio_executor(const clock& time);
    ~asio_executor() override;

    const clock& time() const override { return time_; }
    void post(work what) override;
    timer_id start_timer(monotonic_time when, work what) override;
    void cancel_timer(timer_id id) override { timers_.cancel(id); }
    void send(remote_message* message) noexcept override;
    bool is_current() const override {
        return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }

    loop_usage usage() const override;

    /// Calls `hook` after the work that is ready now. REQUIRES: the hook outlives the call or was taken back.
    void call_at_turn_end(turn_end_hook& hook);
    void forget(turn_end_hook& hook);

    boost::asio::io_context& context() { return context_; }
    /// Runs on the calling thread until stop().
    void run() noexcept;
    /// Any thread.
    void stop() { context_.stop(); }
    /// Runs until `done` answers true; for tests.
    template <class Predicate>
    void run_until(Predicate done) {
        while (!done()) context_.run_one();
    }

  private:
    void schedule_turn();
    void run_turn();
    void arm_timer();
    void run_timers();

    const clock& time_;
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stays_{context_.get_executor()};
    std::atomic<std::thread::id> owner_{std::this_thread::get_id()};

    std::vector<work> ready_;
    std::vector<work> running_;
    std::vector<turn_end_hook*> hooks_;
    std::vector<turn_end_hook*> running_hooks_;
    std::uint64_t turns_ = 0;
    bool turn_scheduled_ = false;
    bool in_turn_ = false;

    timer_queue timers_;
    asio_timer alarm_{context_};
    /// When the alarm rings; it may ring early for nothing after a cancellation, never late.
    monotonic_time armed_for_ = monotonic_time::max();

    mailbox mailbox_;
};

}  // namespace logstore::env
