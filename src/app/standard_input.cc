#include <cerrno>
#include <system_error>

#include <poll.h>
#include <unistd.h>

#include "app/byte_input.h"

namespace logstore::app {
namespace {

constexpr std::size_t piece_bytes_max = 256 * 1024;
constexpr int wait_ms = 100;

struct outcome {
    ssize_t count = 0;
    int error_number = 0;
    bool is_late = false;
};

/// Blocks for wait_ms at most, but where a file's own medium is slow.
outcome read_some(mutable_bytes into) {
    pollfd watched{STDIN_FILENO, POLLIN, 0};
    const int ready = ::poll(&watched, 1, wait_ms);
    if (ready == 0 || (ready < 0 && errno == EINTR)) return {0, 0, true};
    const ssize_t count = ::read(STDIN_FILENO, into.data(), into.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {0, 0, true};
    return {count, count < 0 ? errno : 0, false};
}

}  // namespace

standard_input::standard_input(env::environment world) : world_(world), buffer_(piece_bytes_max) {}

env::task<result<byte_input::piece>> standard_input::read() {
    const mutable_bytes into(buffer_);
    auto reading = [into] { return read_some(into); };
    const outcome got = co_await env::run_blocking(world_.workers, world_.loop, reading);
    if (got.error_number != 0)
        co_return fail(std::error_code(got.error_number, std::generic_category()), "reading standard input");
    piece brought;
    brought.bytes = bytes_view(buffer_).first(static_cast<std::size_t>(got.count));
    brought.is_end = !got.is_late && got.count == 0;
    co_return brought;
}

}  // namespace logstore::app
