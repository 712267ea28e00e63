#include "env/thread_file_system.h"

#include <algorithm>
#include <array>

#include <unistd.h>

#include "base/check.h"

namespace logstore::env {
namespace {

constexpr std::uint32_t reading_threads = 4;
constexpr std::uint32_t writing_threads = 4;

}  // namespace

disk_threads::disk_threads(std::uint32_t shards, bool names_only) : reading_("disk-read", reading_threads) {
    if (names_only) return;
    durable_ = std::make_unique<thread_pool>("disk-durable", shards);
    writing_ = std::make_unique<thread_pool>("disk-write", writing_threads);
}

// --- file

// The last close of a removed file frees its blocks, which takes a while: not on a shard thread.
thread_file::~thread_file() {
    CHECK(operations_ == 0, "{} operations under way on {}", operations_, path_);
    threads_.reading().submit([descriptor = opened_.descriptor] { ::close(descriptor); });
}

result<> thread_file::outcome(int failed, std::string_view what) const {
    if (failed == 0) return {};
    return std::unexpected(failure(failed, what));
}

task<result<std::size_t>> thread_file::read(std::uint64_t position, mutable_bytes into) {
    const operation counted(*this);
    std::size_t received = 0;
    auto call = [&] { return calls::read_fully(descriptor(), position, into, received); };
    const int failed = co_await run_blocking(threads_.reading(), loop_, call);
    if (failed != 0) co_return std::unexpected(failure(failed, "reading"));
    co_return received;
}

task<result<>> thread_file::write(std::uint64_t position, bytes_view from) {
    const operation counted(*this);
    std::array<bytes_view, 1> views{from};
    std::vector<iovec> pieces = calls::pieces_of(views);
    auto call = [&] { return calls::write_fully(descriptor(), position, pieces, false); };
    const int failed = co_await run_blocking(threads_.writing(), loop_, call);
    co_return outcome(failed, "writing");
}

task<result<>> thread_file::write_pieces(std::uint64_t position, std::vector<bytes_view> views) {
    const operation counted(*this);
    std::vector<iovec> pieces = calls::pieces_of(views);
    auto call = [&] { return calls::write_fully(descriptor(), position, pieces, false); };
    const int failed = co_await run_blocking(threads_.writing(), loop_, call);
    co_return outcome(failed, "writing");
}

task<result<>> thread_file::write_durably(std::uint64_t position, bytes_view from) {
    const operation counted(*this);
    auto call = [&] { return write_durably_now(position, from); };
    const int failed = co_await run_blocking(threads_.durable(), loop_, call);
    co_return outcome(failed, "writing durably");
}

// On a pool thread.
int thread_file::write_durably_now(std::uint64_t position, bytes_view from) {
    std::array<bytes_view, 1> views{from};
    if (!refuses_durable_writes_) {
        std::vector<iovec> pieces = calls::pieces_of(views);
        const int failed = calls::write_fully(descriptor(), position, pieces, true);
        if (!calls::is_refusal(failed)) return failed;
    }
    std::vector<iovec> pieces = calls::pieces_of(views);
    const int failed = calls::write_fully(descriptor(), position, pieces, false);
    if (failed != 0) return failed;
    refuses_durable_writes_ = true;
    return calls::flush_data(descriptor());
}

task<result<>> thread_file::flush() {
    const operation counted(*this);
    auto call = [&] { return calls::flush_data(descriptor()); };
    const int failed = co_await run_blocking(threads_.writing(), loop_, call);
    co_return outcome(failed, "flushing");
}

task<result<>> thread_file::reserve(std::uint64_t position, std::uint64_t length) {
    const operation counted(*this);
    auto call = [&] { return calls::reserve(descriptor(), position, length); };
    const int failed = co_await run_blocking(threads_.reading(), loop_, call);
    co_return outcome(failed, "reserving space for");
}

task<result<>> thread_file::truncate(std::uint64_t length) {
    const operation counted(*this);
    auto call = [&] { return calls::truncate(descriptor(), length); };
    const int failed = co_await run_blocking(threads_.reading(), loop_, call);
    co_return outcome(failed, "truncating");
}

task<result<std::uint64_t>> thread_file::size() {
    const operation counted(*this);
    auto call = [&] { return calls::size_of(descriptor(), path_); };
    auto found = co_await run_blocking(threads_.reading(), loop_, call);
    co_return found;
}

task<result<>> thread_file::drop_cache() {
    const operation counted(*this);
    auto call = [&] { return calls::drop_cache(descriptor()); };
    const int failed = co_await run_blocking(threads_.reading(), loop_, call);
    co_return outcome(failed, "dropping the cache of");
}

// --- names

std::unique_ptr<file> thread_file_system::make_file(std::string path, calls::opened_file opened) {
    return std::make_unique<thread_file>(loop_, threads_, std::move(path), opened);
}

task<result<std::unique_ptr<file>>> thread_file_system::open(std::string path, open_options options) {
    auto call = [&] { return calls::open_file(path, options); };
    auto opened = co_await run_blocking(threads_.reading(), loop_, call);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    co_return make_file(std::move(path), *opened);
}

task<result<>> thread_file_system::make_directory(std::string path) {
    auto call = [&] { return calls::make_directory(path); };
    auto made = co_await run_blocking(threads_.reading(), loop_, call);
    co_return made;
}

task<result<std::vector<directory_entry>>> thread_file_system::list(std::string path) {
    auto call = [&] { return calls::list(path); };
    auto found = co_await run_blocking(threads_.reading(), loop_, call);
    co_return found;
}

task<result<bool>> thread_file_system::exists(std::string path) {
    auto call = [&] { return calls::exists(path); };
    auto found = co_await run_blocking(threads_.reading(), loop_, call);
    co_return found;
}

task<result<>> thread_file_system::rename(std::string from, std::string to) {
    auto call = [&] { return calls::rename(from, to); };
    auto renamed = co_await run_blocking(threads_.reading(), loop_, call);
    co_return renamed;
}

task<result<>> thread_file_system::remove_file(std::string path) {
    auto call = [&] { return calls::remove_file(path); };
    auto removed = co_await run_blocking(threads_.reading(), loop_, call);
    co_return removed;
}

task<result<>> thread_file_system::remove_directory(std::string path) {
    auto call = [&] { return calls::remove_directory(path); };
    auto removed = co_await run_blocking(threads_.reading(), loop_, call);
    co_return removed;
}

task<result<>> thread_file_system::sync_directory(std::string path) {
    auto call = [&] { return calls::sync_directory(path); };
    auto synced = co_await run_blocking(threads_.reading(), loop_, call);
    co_return synced;
}

task<result<file_system_space>> thread_file_system::space(std::string path) {
    auto call = [&] { return calls::space(path); };
    auto found = co_await run_blocking(threads_.reading(), loop_, call);
    co_return found;
}

task<result<std::unique_ptr<directory_lock>>> thread_file_system::lock(std::string path) {
    auto call = [&] { return calls::lock(path); };
    auto locked = co_await run_blocking(threads_.reading(), loop_, call);
    co_return locked;
}

}  // namespace logstore::env
