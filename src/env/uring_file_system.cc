#include "env/uring_file_system.h"

#include <algorithm>
#include <cerrno>

#include "base/planted_fault.h"

namespace logstore::env {
namespace {

/// The kernel did nothing yet and asks to be asked again.
bool is_transient(int answer) {
    return answer == -EINTR || answer == -EAGAIN;
}

}  // namespace

task<result<std::size_t>> uring_file::read(std::uint64_t position, mutable_bytes into) {
    const operation counted(*this);
    std::size_t received = 0;
    while (received < into.size()) {
        const auto wanted = unsigned(std::min(into.size() - received, calls::bytes_a_call));
        auto prepare = [&](io_uring_sqe* entry) {
            io_uring_prep_read(entry, descriptor(), into.data() + received, wanted, position + received);
        };
        const int answer = co_await ring_->run(prepare);
        if (is_transient(answer)) continue;
        if (answer < 0) co_return std::unexpected(failure(-answer, "reading"));
        if (answer == 0) break;
        received += std::size_t(answer);
    }
    co_return received;
}

task<int> uring_file::write_fully(std::uint64_t position, bytes_view from, int flags) {
    while (!from.empty()) {
        const auto offered = unsigned(std::min(from.size(), calls::bytes_a_call));
        auto prepare = [&](io_uring_sqe* entry) {
            io_uring_prep_write(entry, descriptor(), from.data(), offered, position);
            entry->rw_flags = flags;
        };
        const int answer = co_await ring_->run(prepare);
        if (is_transient(answer)) continue;
        if (answer < 0) co_return -answer;
        if (answer == 0) co_return EIO;  // no progress, and no reason
        if (is_planted(planted_fault::short_write_taken_as_success)) co_return 0;
        position += std::uint64_t(answer);
        from = from.subspan(std::size_t(answer));
    }
    co_return 0;
}

task<int> uring_file::flush_data() {
    auto prepare = [&](io_uring_sqe* entry) {
        io_uring_prep_fsync(entry, descriptor(), IORING_FSYNC_DATASYNC);
    };
    const int answer = co_await ring_->run(prepare);
    co_return answer < 0 ? -answer : 0;
}

task<result<>> uring_file::write(std::uint64_t position, bytes_view from) {
    const operation counted(*this);
    const int failed = co_await write_fully(position, from, 0);
    co_return outcome(failed, "writing");
}

task<result<>> uring_file::write_pieces(std::uint64_t position, std::vector<bytes_view> views) {
    const operation counted(*this);
    std::vector<iovec> pieces = calls::pieces_of(views);
    std::span<iovec> left = pieces;
    while (!left.empty()) {
        const auto count = unsigned(std::min(left.size(), calls::pieces_a_call));
        auto prepare = [&](io_uring_sqe* entry) {
            io_uring_prep_writev(entry, descriptor(), left.data(), count, position);
        };
        const int answer = co_await ring_->run(prepare);
        if (is_transient(answer)) continue;
        if (answer <= 0) co_return outcome(answer == 0 ? EIO : -answer, "writing");
        position += std::uint64_t(answer);
        left = calls::without_first(left, std::size_t(answer));
    }
    co_return result<>{};
}

task<result<>> uring_file::write_durably(std::uint64_t position, bytes_view from) {
    const operation counted(*this);
    int failed = EOPNOTSUPP;
    if (!refuses_durable_writes_) failed = co_await write_fully(position, from, RWF_DSYNC);
    if (calls::is_refusal(failed)) {
        failed = co_await write_fully(position, from, 0);
        if (failed == 0) {
            refuses_durable_writes_ = true;
            failed = co_await flush_data();
        }
    }
    co_return outcome(failed, "writing durably");
}

task<result<>> uring_file::flush() {
    const operation counted(*this);
    const int failed = co_await flush_data();
    co_return outcome(failed, "flushing");
}

task<result<>> uring_file::reserve(std::uint64_t position, std::uint64_t length) {
    const operation counted(*this);
    auto prepare = [&](io_uring_sqe* entry) {
        io_uring_prep_fallocate(entry, descriptor(), 0, off_t(position), off_t(length));
    };
    int answer = -EINTR;
    while (is_transient(answer)) answer = co_await ring_->run(prepare);
    if (calls::has_no_reservation(-answer)) {
        auto grow = [&] { return -calls::grow_to(descriptor(), position + length); };
        answer = co_await run_blocking(threads().reading(), loop(), grow);
    }
    co_return outcome(answer < 0 ? -answer : 0, "reserving space for");
}

std::unique_ptr<file> uring_file_system::make_file(std::string path, calls::opened_file opened) {
    return std::make_unique<uring_file>(loop(), threads(), ring_, std::move(path), opened);
}

}  // namespace logstore::env
