// The loop of one thread: what a shard runs on.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>

#include "env/clock.h"

namespace logstore::env {

using work = std::move_only_function<void()>;

/// A message from another thread: pushed without a lock, run once on the receiving executor. The sender allocates,
/// `run` disposes of it (typically `delete this` or handing itself back).
class remote_message {
  public:
    virtual ~remote_message() = default;
    virtual void run() = 0;

  private:
    friend class mailbox;
    remote_message* next_ = nullptr;
};

using timer_id = std::uint64_t;

/// What a loop has done since it began.
struct loop_usage {
    /// Bursts of work.
    std::uint64_t turns = 0;
    /// Processor time of its thread.
    duration busy{};
};

/// One thread's queue of work. All functions belong to that thread, except send() and the clock, which any thread may call.
/// Work posted is run in order, after the call that posted it returned.
class executor {
  public:
    virtual ~executor() = default;

    virtual const clock& time() const = 0;
    /// Runs `what` later on this thread, first in first out.
    virtual void post(work what) = 0;
    /// Runs `what` at or soon after `when`. The id is never reused.
    virtual timer_id start_timer(monotonic_time when, work what) = 0;
    /// The timer will not run any more; harmless when it has run already.
    virtual void cancel_timer(timer_id id) = 0;
    /// From any thread: `message->run()` on this thread. A burst of messages costs one wake-up. Order is kept per sender.
    virtual void send(remote_message* message) noexcept = 0;
    /// What a simulated loop does not have is 0.
    virtual loop_usage usage() const { return {}; }
    /// Whether the caller is this executor's thread.
    virtual bool is_current() const = 0;
};

/// `co_await sleep(executor, duration)`.
inline auto sleep(executor& on, duration how_long) {
    struct awaiter {
        executor& on;
        duration how_long;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting) {
            on.start_timer(on.time().now() + how_long, [waiting] { waiting.resume(); });
        }
        void await_resume() const noexcept {}
    };
    return awaiter{on, how_long};
}

/// `co_await yield(executor)`: goes to the end of the queue.
inline auto yield(executor& on) {
    struct awaiter {
        executor& on;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting) { on.post([waiting] { waiting.resume(); }); }
        void await_resume() const noexcept {}
    };
    return awaiter{on};
}

}  // namespace logstore::env
