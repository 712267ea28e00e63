#include "env/uring_ring.h"

#include <array>
#include <cerrno>

#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"

namespace logstore::env {
namespace {

constexpr unsigned submission_entries = 256;
constexpr unsigned completion_entries = 4096;

/// From the best to the oldest kernel's. A disabled ring may be made on one thread and belong to another.
constexpr std::array<unsigned, 3> setup_flags{
    IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
    IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED | IORING_SETUP_COOP_TASKRUN,
    IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED,
};

int make_ring(io_uring& ring) {
    int failed = -EINVAL;
    for (const unsigned flags : setup_flags) {
        io_uring_params parameters{};
        parameters.flags = flags;
        parameters.cq_entries = completion_entries;
        failed = io_uring_queue_init_params(submission_entries, &ring, &parameters);
        if (failed == 0) break;
        if (failed != -EINVAL) break;
    }
    return -failed;
}

/// 0 or an errno. liburing 2.3 declares io_uring_enable_rings but its shared library does not have it.
int enable_ring(io_uring& ring) {
    const long answer =
        ::syscall(__NR_io_uring_register, ring.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    return answer < 0 ? errno : 0;
}

}  // namespace

uring_ring::uring_ring(asio_executor& loop) : loop_(loop), completions_(loop.context()) {}

result<std::unique_ptr<uring_ring>> uring_ring::make(asio_executor& loop) {
    std::unique_ptr<uring_ring> made(new uring_ring(loop));
    const int refused = make_ring(made->ring_);
    if (refused != 0) {
        made->ring_.ring_fd = -1;
        return std::unexpected(error(std::error_code(refused, std::generic_category()), "io_uring refused"));
    }
    boost::system::error_code failed;
    made->completions_.assign(made->ring_.ring_fd, failed);
    if (failed)
        return std::unexpected(
            error(std::error_code(failed.value(), std::generic_category()), "polling io_uring"));
    made->wait_for_completions();
    return made;
}

uring_ring::~uring_ring() {
    loop_.forget(*this);
    if (ring_.ring_fd < 0) return;
    if (completions_.is_open()) completions_.release();
    while (in_flight_ > 0) {
        io_uring_cqe* done = nullptr;
        if (io_uring_wait_cqe(&ring_, &done) == 0) {
            io_uring_cqe_seen(&ring_, done);
            --in_flight_;
        }
    }
    io_uring_queue_exit(&ring_);
}

void uring_ring::start(uring_operation& operation) {
    operation.next = nullptr;
    *last_waiting_ = &operation;
    last_waiting_ = &operation.next;
    loop_.call_at_turn_end(*this);
}

void uring_ring::fill() {
    while (first_waiting_ != nullptr) {
        io_uring_sqe* entry = io_uring_get_sqe(&ring_);
        if (entry == nullptr) return;
        uring_operation* operation = first_waiting_;
        first_waiting_ = operation->next;
        *entry = operation->entry;
        io_uring_sqe_set_data(entry, operation);
        ++in_flight_;
    }
    last_waiting_ = &first_waiting_;
}

void uring_ring::at_turn_end() {
    submit();
    // What was in the page cache is done already: no need to hear of it through the reactor.
    if (io_uring_cq_ready(&ring_) > 0) reap();
}

void uring_ring::submit() {
    if (!is_enabled_) {
        const int failed = enable_ring(ring_);
        CHECK(failed == 0, "enabling io_uring: errno {}", failed);
        is_enabled_ = true;
    }
    while (first_waiting_ != nullptr || io_uring_sq_ready(&ring_) > 0) {
        fill();
        const int submitted = io_uring_submit(&ring_);
        if (submitted == -EINTR) continue;
        if (submitted == -EAGAIN || submitted == -EBUSY) {
            // No memory for requests, or completions overflow: take those that are there and try again next
            // turn.
            loop_.post([this] { reap(); });
            loop_.call_at_turn_end(*this);
            return;
        }
        CHECK(submitted >= 0, "submitting to io_uring: errno {}", -submitted);
    }
}

void uring_ring::wait_for_completions() {
    completions_.async_wait(asio_descriptor::wait_read, [this](const boost::system::error_code& failed) {
        if (failed) return;
        reap();
        wait_for_completions();
    });
}

void uring_ring::reap() {
    std::array<io_uring_cqe*, 128> batch;
    for (;;) {
        const unsigned count = io_uring_peek_batch_cqe(&ring_, batch.data(), batch.size());
        if (count == 0) return;
        std::array<uring_operation*, batch.size()> done;
        for (unsigned i = 0; i < count; ++i) {
            done[i] = static_cast<uring_operation*>(io_uring_cqe_get_data(batch[i]));
            done[i]->result = batch[i]->res;
        }
        io_uring_cq_advance(&ring_, count);
        in_flight_ -= count;
        // Each waiter goes on at once and may start new operations, or end the life of operations already
        // done.
        for (unsigned i = 0; i < count; ++i) done[i]->waiter.resume();
    }
}

}  // namespace logstore::env
