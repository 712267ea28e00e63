#include "app/file_window.h"

#include <algorithm>

#include "base/check.h"
#include "base/crc32c.h"

namespace logstore::app {

env::task<result<file_window>> file_window::open(env::file_system* files, std::string path) {
    auto file = co_await files->open(path, env::open_options::read_only());
    if (!file) co_return std::unexpected(std::move(file).error());
    const auto size = co_await (*file)->size();
    if (!size) co_return std::unexpected(size.error());
    co_return file_window(std::move(*file), *size);
}

env::task<result<bytes_view>> file_window::at(std::uint64_t position, std::size_t length) {
    length = std::min(length, piece_bytes);
    if (position >= size_) co_return bytes_view();
    length = static_cast<std::size_t>(std::min<std::uint64_t>(length, size_ - position));
    if (position < start_ || position + length > start_ + filled_) {
        piece_.resize(piece_bytes);
        start_ = position;
        filled_ = 0;
        const auto got = co_await file_->read(position, piece_);
        if (!got) co_return std::unexpected(got.error());
        filled_ = *got;
    }
    const std::size_t skipped = static_cast<std::size_t>(position - start_);
    co_return bytes_view(piece_)
        .first(filled_)
        .subspan(std::min(skipped, filled_))
        .first(std::min(length, filled_ - std::min(skipped, filled_)));
}

env::task<result<std::uint32_t>> crc_of_range(file_window* file, std::uint64_t from, std::uint64_t to,
                                              std::uint32_t before) {
    while (from < to) {
        const auto piece = co_await file->at(
            from, static_cast<std::size_t>(std::min<std::uint64_t>(to - from, file->piece_bytes)));
        if (!piece) co_return std::unexpected(piece.error());
        if (piece->empty()) break;
        before = crc32c(*piece, before);
        from += piece->size();
    }
    co_return before;
}

env::task<result<std::uint64_t>> end_of_content(file_window* file, std::uint64_t from) {
    std::uint64_t end = from;
    for (std::uint64_t at = from; at < file->size();) {
        const auto piece = co_await file->at(at, file->piece_bytes);
        if (!piece) co_return std::unexpected(piece.error());
        if (piece->empty()) break;
        const auto last =
            std::find_if(piece->rbegin(), piece->rend(), [](std::byte one) { return one != std::byte(0); });
        if (last != piece->rend()) end = at + static_cast<std::uint64_t>(piece->rend() - last);
        at += piece->size();
    }
    co_return end;
}

}  // namespace logstore::app
