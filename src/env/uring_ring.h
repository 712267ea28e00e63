// One io_uring on an Asio loop, with its operations as awaitables. Private to env.
#pragma once

#include <coroutine>
#include <memory>

#include <liburing.h>

#include "base/bytes.h"
#include "base/result.h"
#include "env/asio_executor.h"

namespace logstore::env {

/// An operation on its way through a ring; lives in the frame of the coroutine that waits for it.
struct uring_operation {
    io_uring_sqe entry{};
    uring_operation* next = nullptr;
    std::coroutine_handle<> waiter;
    /// What the kernel answered: a count, or a negative errno.
    int result = 0;
};

/// The ring of one executor. Operations started during one turn of the loop reach the kernel in one
/// io_uring_enter at its end. Any number may be started; what the submission queue cannot hold yet waits in
/// order.
class uring_ring final : public turn_end_hook {
  public:
    /// Fails where the kernel or the container refuses io_uring.
    static result<std::unique_ptr<uring_ring>> make(asio_executor& loop);
    /// Waits for what the kernel still works on; nobody is told.
    ~uring_ring() override;

    /// `co_await ring.run(prepare)`: `prepare(io_uring_sqe*)` fills the entry; the answer is the kernel's.
    template <class Prepare>
    auto run(Prepare prepare) {
        struct awaiter : uring_operation {
            uring_ring& ring;
            awaiter(uring_ring& the_ring, Prepare& the_prepare) : ring(the_ring) { the_prepare(&entry); }
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<> waiting) noexcept {
                waiter = waiting;
                ring.start(*this);
            }
            int await_resume() const noexcept { return result; }
        };
        return awaiter(*this, prepare);
    }

    void at_turn_end() override;

  private:
    explicit uring_ring(asio_executor& loop);

    void start(uring_operation& operation);
    /// Moves waiting operations into the submission queue, as far as they fit.
    void fill();
    void submit();
    void reap();
    void wait_for_completions();

    asio_executor& loop_;
    io_uring ring_{};
    bool is_enabled_ = false;
    asio_descriptor completions_;
    uring_operation* first_waiting_ = nullptr;
    uring_operation** last_waiting_ = &first_waiting_;
    std::size_t in_flight_ = 0;
};

}  // namespace logstore::env
