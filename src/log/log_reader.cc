#include "log/log_reader.h"

#include <algorithm>
#include <limits>

#include "base/aligned_buffer.h"
#include "base/logging.h"
#include "log/log_errc.h"
#include "log/segment_files.h"

namespace logstore {
namespace {

/// What one read of a walk fetches: many small batches, or the headers of a few large ones.
constexpr std::size_t walk_bytes = std::size_t(64) << 10;
constexpr std::size_t verified_bytes = std::size_t(1) << 20;
/// Below every offset: no damage is passed over.
constexpr offset any_offset{std::numeric_limits<std::int64_t>::min()};

bool is_in_memory(const segment_view& view, std::uint64_t position) {
    return view.live && position >= view.live->tail().start() && position < view.live->tail().end() &&
           (!view.live->has_hole() || position >= view.live->hole_end());
}

/// Whether a header makes sense where it was found. The CRC does not cover the base offset.
bool may_lie_in(const segment_view& view, const found_batch& batch, offset expected) {
    const record_batch_header& header = batch.header;
    return batch.end() <= view.limit && header.base_offset >= expected && header.base_offset.value() < view.end.value() &&
           header.last_offset_delta >= 0 && header.last_offset_delta < view.end.value() - header.base_offset.value();
}

error tell_damage(const segment_view& view, const damaged_range& range) {
    return error(log_errc::corrupt, say(range, view.path) +
                                        ". Who reads them gets a storage error; all others are readable. Restore the file from "
                                        "a copy, or give them up with the server stopped: `logstore repair`");
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

std::optional<found_batch> log_reader::seen_at(const segment_view& view, std::uint64_t position, offset expected,
                                               const window& seen) const {
    std::optional<found_batch> batch = batch_in_memory(view, position);
    const bool is_seen = position >= seen.start && position + record_batch_header_bytes <= seen.start + seen.bytes.size();
    if (!batch && is_seen) {
        const auto header = read_record_batch_header(bytes_view(seen.bytes).subspan(position - seen.start));
        if (header) batch = found_batch{*header, position};
    }
    return batch && may_lie_in(view, *batch, expected) ? batch : std::nullopt;
}

env::task<result<std::optional<found_batch>>> log_reader::header_at(segment_view view, std::uint64_t position, offset expected,
                                                                    window* seen) {
    if (const auto batch = seen_at(view, position, expected, *seen)) co_return batch;
    seen->bytes.resize(seen->bytes_max);
    seen->start = position;
    auto got = co_await read_at(view, position, seen->bytes);
    if (!got) co_return std::unexpected(got.error());
    seen->bytes.resize(*got);
    co_return seen_at(view, position, expected, *seen);
}

env::task<result<bool>> log_reader::is_whole(segment_view view, std::uint64_t position) {
    window seen{.bytes = {}, .start = 0, .bytes_max = record_batch_header_bytes};
    auto batch = co_await header_at(view, position, view.base, &seen);
    if (!batch) co_return std::unexpected(batch.error());
    if (!*batch) co_return false;
    auto bytes = co_await read_batch(std::move(view), **batch);
    if (!bytes) co_return std::unexpected(bytes.error());
    co_return record_batch_crc_holds((**batch).header, *bytes);
}

env::task<result<std::optional<log_reader::resumption>>> log_reader::end_by_header(segment_view view, std::uint64_t begin,
                                                                                   offset expected) {
    window seen{.bytes = {}, .start = 0, .bytes_max = record_batch_header_bytes};
    auto damaged = co_await header_at(view, begin, expected, &seen);
    if (!damaged) co_return std::unexpected(damaged.error());
    if (!*damaged) co_return std::optional<resumption>();
    const resumption behind{(**damaged).end(), (**damaged).header.next()};
    bool follows = behind.position == view.limit && behind.next == view.end;
    if (behind.position < view.limit) {
        auto next = co_await header_at(view, behind.position, first_not_below(behind.next), &seen);
        if (!next) co_return std::unexpected(next.error());
        const bool is_next = *next && (**next).header.base_offset == first_not_below(behind.next);
        auto whole = is_next ? co_await is_whole(view, behind.position) : result<bool>(false);
        if (!whole) co_return std::unexpected(whole.error());
        follows = *whole;
    }
    co_return follows ? std::optional(behind) : std::nullopt;
}

env::task<result<std::optional<log_reader::resumption>>> log_reader::next_whole(segment_view view, std::uint64_t from,
                                                                                offset expected) {
    byte_vector bytes;
    constexpr std::size_t overlap = record_batch_header_bytes - 1;
    for (std::uint64_t start = from; start + record_batch_header_bytes <= view.limit; start += walk_bytes) {
        bytes.resize(walk_bytes + overlap);
        auto got = co_await read_at(view, start, bytes);
        if (!got) co_return std::unexpected(got.error());
        bytes.resize(*got);
        for (std::size_t at = 0; at + record_batch_header_bytes <= bytes.size(); ++at) {
            const auto header = read_record_batch_header(bytes_view(bytes).subspan(at));
            if (!header || !may_lie_in(view, {*header, start + at}, expected)) continue;
            auto whole = co_await is_whole(view, start + at);
            if (!whole) co_return std::unexpected(whole.error());
            if (*whole) co_return resumption{start + at, next_offset(header->base_offset.value())};
        }
    }
    co_return std::optional<resumption>();
}

env::task<result<damaged_range>> log_reader::measure_damage(segment_view view, std::uint64_t begin, offset expected) {
    if (const auto known = context_.damage.at(view.tablet, view.base, begin)) co_return *known;
    damaged_range range;
    range.tablet = view.tablet;
    range.segment_base = view.base;
    range.begin = begin;
    range.end = view.limit;
    range.first = expected;
    range.next = view.end;
    auto resumed = co_await end_by_header(view, begin, expected);
    if (resumed && !*resumed) resumed = co_await next_whole(view, begin + 1, expected);
    if (!resumed) co_return std::unexpected(resumed.error());
    if (*resumed) {
        range.end = (**resumed).position;
        range.next = (**resumed).next;
    }
    if (context_.damage.note(range)) log_error("log", "{}", tell_damage(view, range).message());
    co_return range;
}

void log_reader::cursor::pass(const found_batch& batch) {
    position = batch.end();
    expected = first_not_below(batch.header.next());
    before = batch;
}

void log_reader::cursor::pass(const damaged_range& range) {
    position = range.end;
    expected = first_not_below(range.next);
    before.reset();
}

env::task<result<bool>> log_reader::holds_on_disk(segment_view view, std::uint64_t begin) {
    if (context_.damage.at(view.tablet, view.base, begin)) co_return false;
    auto opened = co_await context_.files.open_to_read(view.path);
    if (!opened) co_return std::unexpected(opened.error());
    const std::shared_ptr<env::file> file = *opened;
    auto dropped = co_await file->drop_cache();
    if (!dropped) co_return std::unexpected(dropped.error());
    auto whole = co_await is_whole(view, begin);
    if (whole && *whole)
        log_warning("log", "the page cache held other bytes of {} at {} than the disk, which has them right: read again",
                    view.path, begin);
    co_return whole;
}

env::task<result<log_reader::step>> log_reader::look(segment_view view, cursor* at) {
    for (bool may_be_cache = true;; may_be_cache = false) {
        auto batch = co_await header_at(view, at->position, at->expected, &at->seen);
        if (!batch) co_return std::unexpected(batch.error());
        if (*batch) co_return step{*batch, std::nullopt};
        // A damaged length in the batch before leads astray.
        std::uint64_t begin = at->position;
        offset expected = at->expected;
        if (at->before) {
            const found_batch before = *at->before;
            auto whole = co_await is_whole(view, before.position);
            if (!whole) co_return std::unexpected(whole.error());
            if (!*whole) {
                begin = before.position;
                expected = before.header.base_offset;
            }
        }
        auto holds = may_be_cache ? co_await holds_on_disk(view, begin) : result<bool>(false);
        if (!holds) co_return std::unexpected(holds.error());
        if (*holds) {
            *at = cursor{.position = begin, .expected = expected, .before = {}, .seen = {.bytes = {}, .bytes_max = walk_bytes}};
            continue;
        }
        auto range = co_await measure_damage(std::move(view), begin, expected);
        if (!range) co_return std::unexpected(range.error());
        co_return step{std::nullopt, *range};
    }
}

env::task<result<std::optional<found_batch>>> log_reader::walk(segment_view view, std::uint64_t position, target wanted) {
    cursor at{.position = position, .expected = view.base, .before = {}, .seen = {.bytes = {}, .bytes_max = walk_bytes}};
    while (at.position < view.limit) {
        result<step> next = step{seen_at(view, at.position, at.expected, at.seen), std::nullopt};
        if (!next->batch) next = co_await look(view, &at);
        if (!next) co_return std::unexpected(next.error());
        if (next->damage) {
            const bool may_be_wanted = !wanted.passes_damage && wanted.from.value() < next->damage->next.value();
            if (may_be_wanted) co_return std::unexpected(tell_damage(view, *next->damage));
            at.pass(*next->damage);
            continue;
        }
        const record_batch_header& header = next->batch->header;
        if (header.last_offset() >= wanted.from && header.max_timestamp >= wanted.from_time) co_return next->batch;
        at.pass(*next->batch);
    }
    co_return std::optional<found_batch>();
}

env::task<result<std::optional<found_batch>>> log_reader::find_batch(segment_view view, offset wanted) {
    if (view.live && wanted >= view.live->index_start_offset())
        co_return co_await walk(view, view.live->index().position_before(wanted), {.from = wanted});
    auto index = co_await index_of(view);
    if (!index) co_return std::unexpected(index.error());
    const std::uint64_t from = (*index)->position_before(wanted);
    co_return co_await walk(std::move(view), from, {.from = wanted});
}

env::task<result<std::optional<found_batch>>> log_reader::batch_at(segment_view view, std::uint64_t position) {
    if (position >= view.limit) co_return std::optional<found_batch>();
    co_return co_await walk(std::move(view), position, {.from = any_offset});
}

env::task<result<timestamp_ms>> log_reader::max_timestamp(segment_view view) {
    if (view.max_timestamp != no_timestamp) co_return view.max_timestamp;
    auto index = co_await index_of(view);
    if (!index) co_return std::unexpected(index.error());
    timestamp_ms largest = (*index)->max_timestamp();
    if (view.live) largest = std::max(largest, view.live->index().max_timestamp());
    co_return largest;
}

env::task<result<std::optional<found_batch>>> log_reader::find_timestamp(segment_view view, timestamp_ms wanted, offset from) {
    auto index = co_await index_of(view);
    if (!index) co_return std::unexpected(index.error());
    const std::uint64_t begin = std::max((*index)->position_before(wanted), (*index)->position_before(from));
    co_return co_await walk(std::move(view), begin, {.from = from, .from_time = wanted, .passes_damage = true});
}

env::task<result<std::optional<found_batch>>> log_reader::find_latest(segment_view view, offset from) {
    auto index = co_await index_of(view);
    if (!index) co_return std::unexpected(index.error());
    const std::uint64_t begin = (*index)->position_before(from);
    cursor at{.position = begin, .expected = view.base, .before = {}, .seen = {.bytes = {}, .bytes_max = walk_bytes}};
    std::optional<found_batch> latest;
    while (at.position < view.limit) {
        result<step> next = step{seen_at(view, at.position, at.expected, at.seen), std::nullopt};
        if (!next->batch) next = co_await look(view, &at);
        if (!next) co_return std::unexpected(next.error());
        if (next->damage) {
            at.pass(*next->damage);
            continue;
        }
        const record_batch_header& header = next->batch->header;
        const bool is_later = !latest || header.max_timestamp > latest->header.max_timestamp;
        if (is_later && header.last_offset() >= from) latest = next->batch;
        at.pass(*next->batch);
    }
    co_return latest;
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

std::size_t log_reader::whole_batches(const segment_view& view, const found_batch& first, bytes_view bytes, batches& out) {
    std::size_t whole = 0;
    offset expected = first.header.base_offset;
    while (whole < bytes.size()) {
        const bytes_view rest = bytes.subspan(whole);
        const auto header = read_record_batch_header(rest);
        if (!header || !may_lie_in(view, {*header, first.position + whole}, expected)) break;
        if (!record_batch_crc_holds(*header, rest)) break;
        whole += header->size_bytes();
        out.next = header->next();
        expected = first_not_below(header->next());
    }
    return whole;
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
    std::size_t whole = 0;
    for (bool may_be_cache = true; whole == 0; may_be_cache = false) {
        auto got = co_await read_at(view, first.position, *buffer);
        if (!got) co_return std::unexpected(got.error());
        out.next.reset();
        whole = whole_batches(view, first, bytes_view(*buffer).first(*got), out);
        if (whole > 0) break;
        auto holds = may_be_cache ? co_await holds_on_disk(view, first.position) : result<bool>(false);
        if (!holds) co_return std::unexpected(holds.error());
        if (*holds) continue;
        auto range = co_await measure_damage(view, first.position, first.header.base_offset);
        if (!range) co_return std::unexpected(range.error());
        co_return std::unexpected(tell_damage(view, *range));
    }
    // A batch that was cut off at the end is no reason to hold its memory.
    if (whole < buffer->size() / 2) {
        buffer->resize(whole);
        buffer->shrink_to_fit();
    }
    out.pieces.emplace_back(buffer, bytes_view(*buffer).first(whole));
    out.bytes = whole;
    co_return out;
}

env::task<std::optional<log_reader::run_of_batches>> log_reader::read_directly(segment_view view, offset from,
                                                                               std::uint64_t position, std::size_t bytes_max) {
    const std::uint64_t in_file = std::min(view.limit, view.live ? view.live->readable_file_bytes() : view.limit);
    const auto end_of = [&](std::uint64_t begin) { return std::min<std::uint64_t>(in_file, begin + bytes_max); };
    const bool is_large = position < in_file && end_of(position) - position >= large_read_bytes;
    if (!is_large || is_in_memory(view, position)) co_return std::nullopt;
    read_ahead::range what{{view.tablet, view.base, position}, end_of(position), view.path};
    auto got = co_await context_.ahead.read(std::move(what));
    if (!got) co_return std::nullopt;
    context_.counters.file_bytes_read += got->content.bytes.size();
    const bytes_view bytes = got->content.bytes;
    const auto header = read_record_batch_header(bytes);
    if (!header || header->last_offset() < from) co_return std::nullopt;
    const found_batch first{*header, position};
    run_of_batches out;
    if (!may_lie_in(view, first, view.base)) co_return std::nullopt;
    const std::size_t whole = whole_batches(view, first, bytes, out.found);
    if (whole == 0) co_return std::nullopt;
    // Little of much memory is copied, so that who holds it holds no more than was given.
    if (whole < got->memory_bytes / 2) {
        out.found.pieces.emplace_back(byte_vector(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole)));
    } else {
        out.found.pieces.emplace_back(got->content.owner, bytes.first(whole));
    }
    out.found.bytes = whole;
    out.end = position + whole;
    if (out.end < in_file && end_of(out.end) - out.end >= large_read_bytes) {
        read_ahead::range next{{view.tablet, view.base, out.end}, end_of(out.end), view.path};
        context_.ahead.expect(std::move(next), got->is_sequential);
    }
    co_return out;
}

env::task<result<std::optional<log_reader::run_of_batches>>> log_reader::read_from(segment_view view, offset from,
                                                                                    std::optional<std::uint64_t> position,
                                                                                    std::size_t bytes_max, bool at_least_one) {
    if (position || from == view.base) {
        auto direct = co_await read_directly(view, from, position.value_or(0), bytes_max);
        if (direct) co_return std::optional(std::move(*direct));
    }
    result<std::optional<found_batch>> first;
    if (position) first = co_await walk(view, *position, {.from = from});
    else first = co_await find_batch(view, from);
    while (first && *first) {
        const found_batch batch = **first;
        auto read = co_await read_batches(view, batch, bytes_max, at_least_one);
        if (read) co_return run_of_batches{std::move(*read), batch.position + read->bytes};
        if (read.error().code != log_errc::corrupt) co_return std::unexpected(read.error());
        // A header may look right and lead to the wrong batch.
        auto range = co_await measure_damage(view, batch.position, batch.header.base_offset);
        if (!range) co_return std::unexpected(range.error());
        if (from.value() < range->next.value()) co_return std::unexpected(read.error());
        first = co_await walk(view, range->end, {.from = from});
    }
    if (!first) co_return std::unexpected(first.error());
    co_return std::optional<run_of_batches>();
}

env::task<result<byte_vector>> log_reader::read_batch(segment_view view, found_batch batch) {
    byte_vector bytes(batch.header.size_bytes());
    auto got = co_await read_at(view, batch.position, bytes);
    if (!got) co_return std::unexpected(got.error());
    if (*got != bytes.size()) co_return fail(log_errc::truncated);
    co_return bytes;
}

env::task<result<std::vector<damaged_range>>> log_reader::verify(segment_view view) {
    std::vector<damaged_range> damage;
    cursor at{.position = 0, .expected = view.base, .before = {}, .seen = {.bytes = {}, .bytes_max = walk_bytes}};
    while (at.position < view.limit) {
        auto next = co_await look(view, &at);
        if (!next) co_return std::unexpected(next.error());
        if (next->batch) {
            const found_batch batch = *next->batch;
            auto read = co_await read_batches(view, batch, verified_bytes, true);
            if (read) {
                at.position = batch.position + read->bytes;
                at.expected = first_not_below(*read->next);
                continue;
            }
            if (read.error().code != log_errc::corrupt) co_return std::unexpected(read.error());
            auto range = co_await measure_damage(view, batch.position, batch.header.base_offset);
            if (!range) co_return std::unexpected(range.error());
            next->damage = *range;
        }
        damage.push_back(*next->damage);
        at.pass(*next->damage);
    }
    co_return damage;
}

env::task<result<offset_index>> log_reader::rebuild_index(segment_view view) {
    offset_index index(view.base);
    cursor at{.position = 0, .expected = view.base, .before = {}, .seen = {.bytes = {}, .bytes_max = std::size_t(1) << 20}};
    while (at.position < view.limit) {
        result<step> next = step{seen_at(view, at.position, at.expected, at.seen), std::nullopt};
        if (!next->batch) next = co_await look(view, &at);
        if (!next) co_return std::unexpected(next.error());
        if (next->damage) {
            at.pass(*next->damage);
            continue;
        }
        const record_batch_header& header = next->batch->header;
        index.add_batch(header.last_offset(), at.position, header.size_bytes(), header.max_timestamp);
        at.pass(*next->batch);
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
        view.end = next_offset(view.live->index_start_offset().value());
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
