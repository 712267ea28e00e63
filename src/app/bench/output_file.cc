#include "app/bench/output_file.h"

#include <fmt/format.h>

namespace logstore::app::bench {
namespace {

/// A sentence of its own: the caller says nothing of the path.
error about(std::string_view doing, const std::string& path, const error& why) {
    return error(std::make_error_code(std::errc::invalid_argument),
                 fmt::format("cannot {} {}: {}", doing, path, why.code.message()));
}

}  // namespace

env::task<result<output_file>> output_file::open(env::environment world, std::string path) {
    const auto exists = co_await world.files.exists(path);
    env::open_options options = env::open_options::read_write();
    options.creating();
    auto opened = co_await world.files.open(path, options);
    if (!opened) co_return std::unexpected(about("write to", path, opened.error()));
    const bool is_new = exists && !*exists;
    co_return output_file(world, std::move(path), std::move(*opened), is_new);
}

env::task<result<>> output_file::write(std::string_view text) {
    is_written_ = true;
    auto done = co_await file_->truncate(0);
    if (done) done = co_await file_->write(0, bytes_of(text));
    if (!done) co_return std::unexpected(about("write", path_, done.error()));
    co_return result<>();
}

env::task<void> output_file::close() {
    file_.reset();
    if (!is_new_ || is_written_) co_return;
    // There is nothing in it; a failure leaves an empty file.
    (void)co_await world_.files.remove_file(path_);
}

}  // namespace logstore::app::bench
