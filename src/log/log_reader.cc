#include "log/log_reader.h"

#include <algorithm>
#include <limits>

#include "base/aligned_buffer.h"
#include "log/log_errc.h"
#include "log/segment_files.h"

namespace logstore {
namespace {

/// What one read of a walk fetches: many small batches, or the headers of a few large ones.
constexpr std::size_t walk_bytes = std::size_t(64) << 10;

bool is_in_memory(const segment_view& view, std::uint64_t position) {
    return view.live && position >= view.live->tail().start() && position < view.live->tail().end() &&
           (!view.live->has_hole() || position >= view.live->hole_end());
}

}  // namespace

env::task<result<std::size_t>> log_reader::read_at(segment_view view, std::uint64_t position, mutable_bytes into) {
    std::size_t done = 0;
    const std::size_t wanted = position >= view.limit ? 0 : std::min<std::uint64_t>(into.size(), view.limit - position);
    while (done < wanted) {
        const std::uint64_t at = position + done;
        if (is_in_memory(view, at)) {
            const std::size_t piece = std::min<std::uint64_t>(wanted - done, view.live->tail().end() - at);
            view.live->tail().copy(at, into.subspan(done, piece));
            context_.counters.memory_bytes_read += piece;
            done += piece;
            continue;
        }
        const std::uint64_t in_file = view.live ? view.live->readable_file_bytes() : view.limit;
        std::size_t got = 0;
        if (at < in_file) {
            auto opened = co_await context_.files.open_to_read(view.path);
            if (!opened) co_return std::unexpected(opened.error());
            const std::shared_ptr<env::file> file = *opened;
            const std::size_t piece = std::min<std::uint64_t>(wanted - done, in_file - at);
            auto read = co_await file->read(at, into.subspan(done, piece));
            if (!read) co_return std::unexpected(read.error());
            got = *read;
        } else {
            // A settled last block: read past the page cache, because it will be rewritten directly. Behind what was settled
            // the block on disk is padding: bytes appended since are in memory.
            const std::uint64_t settled_end = view.live && view.live->has_hole() ? view.live->hole_end() : view.limit;
            auto opened = co_await context_.files.open_to_read_directly(view.path);
            if (!opened) co_return std::unexpected(opened.error());
            const std::shared_ptr<env::file> file = *opened;
            aligned_buffer block(block_bytes);
            const std::uint64_t block_start = round_down_to_block(at);
            auto read = co_await file->read(block_start, block.span());
            if (!read) co_return std::unexpected(read.error());
            const std::size_t skip = at - block_start;
            if (*read > skip) {
                got = std::min<std::uint64_t>(std::min(*read - skip, wanted - done), settled_end - at);
                std::memcpy(into.data() + done, block.data() + skip, got);
            }
        }
        if (got == 0) co_return fail(log_errc::truncated, view.path + " ends before its log does");
        context_.counters.file_bytes_read += got;
        done += got;
    }
    co_return done;
}

std::optional<found_batch> log_reader::batch_in_memory(const segment_view& view, std::uint64_t position) const {
    if (!is_in_memory(view, position) || view.live->tail().end() - position < record_batch_header_bytes) return std::nullopt;
    std::byte bytes[record_batch_header_bytes];
    view.live->tail().copy(position, bytes);
    const auto header = read_record_batch_header(bytes);
    // A settled block that was damaged in its file and loaded: the caller's look at the bytes reports it.
    if (!header) return std::nullopt;
    return found_batch{*header, position};
}

env::task<result<std::optional<found_batch>>> log_reader::walk(segment_view view, std::uint64_t position, offset wanted,
                                                               timestamp_ms wanted_time) {
    byte_vector window;
    std::uint64_t window_start = 0;
    while (position < view.limit) {
        std::optional<found_batch> batch = batch_in_memory(view, position);
        if (!batch) {
            const bool in_window = position >= window_start &&
                                   position + record_batch_header_bytes <= window_start + window.size();
            if (!in_window) {
                window.resize(walk_bytes);
                window_start = position;
                auto got = co_await read_at(view, position, window);
                if (!got) co_return std::unexpected(got.error());
                window.resize(*got);
            }
            const auto header = read_record_batch_header(bytes_view(window).subspan(position - window_start));
            if (!header) co_return fail(log_errc::corrupt, fmt::format("no batch at position {} of {}", position, view.path));
            batch = found_batch{*header, position};
        }
        if (batch->end() > view.limit)
            co_return fail(log_errc::corrupt, fmt::format("the batch at position {} of {} is cut off", position, view.path));
        if (batch->header.last_offset() >= wanted && batch->header.max_timestamp >= wanted_time) co_return batch;
        position = batch->end();
    }
    co_return std::optional<found_batch>();
}

env::task<result<std::optional<found_batch>>> log_reader::find_batch(segment_view view, offset wanted) {
    std::uint64_t from = 0;
    std::optional<std::uint64_t> reaching;
    if (view.live && wanted >= view.live->index_start_offset()) {
        from = view.live->index().position_before(wanted);
        reaching = view.live->index().position_reaching(wanted);
    } else {
        auto index = co_await index_of(view);
        if (!index) co_return std::unexpected(index.error());
        from = (*index)->position_before(wanted);
        reaching = (*index)->position_reaching(wanted);
    }
    auto found = co_await walk(view, from, wanted, timestamp_ms(std::numeric_limits<std::int64_t>::min()));
    if (found || found.error().code != log_errc::corrupt || !reaching || *reaching <= from) co_return found;
    // Damage before the batch that is wanted does not hide it, when the index knows where it begins.
    auto known = co_await batch_at(std::move(view), *reaching);
    const bool is_wanted = known && *known && (**known).header.base_offset <= wanted && (**known).header.last_offset() >= wanted;
    co_return is_wanted ? known : found;
}

namespace {
constexpr offset any_offset{std::numeric_limits<std::int64_t>::min()};
constexpr timestamp_ms any_time{std::numeric_limits<std::int64_t>::min()};
}  // namespace

env::task<result<std::optional<found_batch>>> log_reader::batch_at(segment_view view, std::uint64_t position) {
    if (position >= view.limit) co_return std::optional<found_batch>();
    co_return co_await walk(std::move(view), position, any_offset, any_time);
}

env::task<result<timestamp_ms>> log_reader::max_timestamp(segment_view view) {
    if (view.max_timestamp != no_timestamp) co_return view.max_timestamp;
    auto index = co_await index_of(view);
    if (!index) co_return std::unexpected(index.error());
    timestamp_ms largest = (*index)->max_timestamp();
    if (view.live) largest = std::max(largest, view.live->index().max_timestamp());
    co_return largest;
}

env::task<result<std::optional<found_batch>>> log_reader::find_timestamp(segment_view view, timestamp_ms wanted) {
    auto index = co_await index_of(view);
    if (!index) co_return std::unexpected(index.error());
    const std::uint64_t from = (*index)->position_before(wanted);
    co_return co_await walk(std::move(view), from, any_offset, wanted);
}

log_reader::batches log_reader::slice_memory(const segment_view& view, found_batch first, std::size_t bytes_max,
                                             bool at_least_one) const {
    batches out;
    std::uint64_t end = first.end();
    if (first.header.size_bytes() > bytes_max && !at_least_one) return out;
    const std::uint64_t end_max = std::min<std::uint64_t>(view.limit, first.position + bytes_max);
    if (view.limit <= end_max) {
        end = view.limit;
        if (view.limit == view.live->durable_end()) out.next = view.live->durable_next();
    } else {
        const std::uint64_t known_start = view.live->index().batch_start_before(end_max);
        if (known_start <= end_max) end = std::max(end, known_start);
        while (const auto batch = batch_in_memory(view, end)) {
            if (batch->end() > end_max) break;
            end = batch->end();
            out.next = batch->header.next();
        }
    }
    view.live->tail().slice(first.position, end, out.pieces);
    out.bytes = end - first.position;
    return out;
}

env::task<result<log_reader::batches>> log_reader::read_batches(segment_view view, found_batch first, std::size_t bytes_max,
                                                                bool at_least_one) {
    if (is_in_memory(view, first.position)) {
        batches out = slice_memory(view, first, bytes_max, at_least_one);
        context_.counters.memory_bytes_read += out.bytes;
        co_return out;
    }
    batches out;
    const std::size_t first_bytes = first.header.size_bytes();
    if (first_bytes > bytes_max && !at_least_one) co_return out;
    const std::uint64_t end = std::min<std::uint64_t>(view.limit, first.position + std::max(bytes_max, first_bytes));
    auto buffer = std::make_shared<byte_vector>(end - first.position);
    auto got = co_await read_at(view, first.position, *buffer);
    if (!got) co_return std::unexpected(got.error());
    std::size_t whole = 0;
    while (whole < *got) {
        const auto header = read_record_batch_header(bytes_view(*buffer).subspan(whole, *got - whole));
        if (!header || whole + header->size_bytes() > *got) break;
        whole += header->size_bytes();
        out.next = header->next();
    }
    if (whole == 0) co_return fail(log_errc::corrupt, fmt::format("no batch at position {} of {}", first.position, view.path));
    out.pieces.emplace_back(buffer, bytes_view(*buffer).first(whole));
    out.bytes = whole;
    co_return out;
}

env::task<result<byte_vector>> log_reader::read_batch(segment_view view, found_batch batch) {
    byte_vector bytes(batch.header.size_bytes());
    auto got = co_await read_at(view, batch.position, bytes);
    if (!got) co_return std::unexpected(got.error());
    if (*got != bytes.size()) co_return fail(log_errc::truncated);
    co_return bytes;
}

env::task<result<offset_index>> log_reader::rebuild_index(segment_view view) {
    offset_index index(view.base);
    byte_vector window;
    std::uint64_t window_start = 0;
    for (std::uint64_t position = 0; position < view.limit;) {
        if (position < window_start || position + record_batch_header_bytes > window_start + window.size()) {
            window.resize(std::size_t(1) << 20);
            window_start = position;
            auto got = co_await read_at(view, position, window);
            if (!got) co_return std::unexpected(got.error());
            window.resize(*got);
        }
        const auto header = read_record_batch_header(bytes_view(window).subspan(position - window_start));
        if (!header || position + header->size_bytes() > view.limit)
            co_return fail(log_errc::corrupt, fmt::format("no batch at position {} of {}", position, view.path));
        index.add_batch(header->last_offset(), position, header->size_bytes(), header->max_timestamp);
        position += header->size_bytes();
    }
    co_return index;
}

env::task<result<std::shared_ptr<const offset_index>>> log_reader::index_of(segment_view view) {
    if (view.live && view.live->index_complete())
        // Shares the segment's lifetime; the caller does not keep it over appends.
        co_return std::shared_ptr<const offset_index>(view.live, &view.live->index());
    if (auto cached = context_.indexes.find(view.tablet, view.base)) co_return cached;
    const bool is_sealed = !view.live || view.live->is_sealed();
    if (is_sealed) {
        const std::string directory = view.path.substr(0, view.path.rfind('/'));
        auto stored = co_await read_segment_index(&context_.world.files, directory, view.base);
        if (stored && stored->seal.segment_bytes == view.limit) {
            auto index = std::make_shared<const offset_index>(std::move(stored->index));
            context_.indexes.put(view.tablet, view.base, index);
            co_return index;
        }
    } else {
        // The part that the segment's own index lacks; what is appended now is in that one.
        view.limit = view.live->index_start_bytes();
    }
    const tablet_id tablet = view.tablet;
    const offset base = view.base;
    const std::shared_ptr<live_segment> live = view.live;
    auto rebuilt = co_await rebuild_index(std::move(view));
    if (!rebuilt) co_return std::unexpected(rebuilt.error());
    auto index = std::make_shared<const offset_index>(std::move(*rebuilt));
    // The part of a segment that was sealed meanwhile is not the sealed segment's index.
    if (is_sealed || !live->is_sealed()) context_.indexes.put(tablet, base, index);
    co_return index;
}

}  // namespace logstore
