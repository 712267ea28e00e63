#include "log/segment_writer.h"

#include <algorithm>

#include "base/aligned_buffer.h"
#include "base/logging.h"
#include "base/planted_fault.h"
#include "log/log_errc.h"
#include "log/segment_files.h"

namespace logstore {
namespace {

constexpr std::uint64_t write_bytes_max = std::uint64_t(1) << 20;
/// Space is reserved ahead in steps that grow with the file, so that small tablets take little and large ones grow rarely.
constexpr std::uint64_t reserve_bytes_min = std::uint64_t(64) << 10;
constexpr std::uint64_t reserve_bytes_max = std::uint64_t(64) << 20;

/// A flush that failed for lack of space has lost what it should have kept, as any other: never an error that is tried again.
std::unexpected<error> flush_failed(const error& why) {
    if (why.code == std::errc::io_error) return std::unexpected(why);
    return fail(std::make_error_code(std::errc::io_error), "a flush failed: " + why.message());
}

}  // namespace

std::string segment_writer::path(const live_segment& segment) const { return segment_path(directory_, segment.base(), "log"); }

env::task<result<>> segment_writer::make_directory() {
    if (directory_made_) co_return result<>{};
    auto made = co_await make_tablet_directory(&context_.world.files, &context_.tablet_names, directory_, tablet_);
    if (made) directory_made_ = true;
    co_return made;
}

env::task<result<>> segment_writer::prepare_file(std::shared_ptr<live_segment> segment, std::uint64_t end) {
    auto made = co_await make_directory();
    if (!made) co_return made;
    const std::string name = path(*segment);
    auto opened = co_await context_.files.open_to_write(name, true);
    if (!opened) co_return std::unexpected(opened.error());
    const std::shared_ptr<env::file> file = *opened;
    segment->has_exact_length = false;
    if (!segment->file_made) {
        // The name is durable before the journal lets go of anything that lies in the file.
        result<> synced;
        if (!is_planted(planted_fault::roll_without_directory_flush))
            synced = co_await context_.world.files.sync_directory(directory_);
        if (!synced) co_return synced;
        segment->file_made = true;
    }
    if (end > segment->reserved_bytes) {
        const std::uint64_t step = std::clamp(end, reserve_bytes_min, reserve_bytes_max);
        const std::uint64_t from = std::max(segment->reserved_bytes, segment->written());
        auto reserved = co_await file->reserve(from, end + step - from);
        if (!reserved) {
            if (reserved.error().code != std::errc::operation_not_supported) co_return reserved;
        }
        segment->reserved_bytes = end + step;
    }
    co_return result<>{};
}

env::task<result<>> segment_writer::load_hole(std::shared_ptr<live_segment> segment) {
    if (!segment->has_hole()) co_return result<>{};
    const std::string name = path(*segment);
    auto opened = co_await context_.files.open_to_read_directly(name);
    if (!opened) co_return std::unexpected(opened.error());
    const std::shared_ptr<env::file> file = *opened;
    const std::uint64_t from = segment->tail().start();
    const std::size_t wanted = segment->hole_end() - from;
    aligned_buffer block(block_bytes);
    auto got = co_await file->read(from, block.span());
    if (!got) co_return std::unexpected(got.error());
    if (*got < wanted) co_return fail(log_errc::corrupt, name + " is shorter than its recovery point says");
    if (segment->has_hole()) {
        const std::size_t before = segment->tail().memory_bytes();
        segment->fill_hole(block.span().first(wanted));
        context_.tail_memory_bytes += segment->tail().memory_bytes() - before;
    }
    co_return result<>{};
}

std::optional<journal_sequence> segment_writer::add_tail_entry(const live_segment& segment, std::uint64_t end,
                                                               next_offset next) {
    const std::uint64_t length = end - segment.written();
    const std::size_t paid_with_this = segment.is_image_owed ? 1 : 0;
    const std::size_t owed_beside = context_.images_owed - std::min(context_.images_owed, paid_with_this);
    journal& appends = context_.appends;
    if (length > appends.entry_bytes_max() || !appends.has_room_for_checkpoint(length, owed_beside)) return std::nullopt;
    journal_entry_header header;
    header.kind = journal_entry_kind::tail;
    header.tablet = tablet_;
    header.base_offset = segment.base();
    header.next = next;
    header.segment_base = segment.base();
    header.position = byte_position(segment.written());
    const mutable_bytes room = appends.begin_entry(length);
    segment.tail().copy(segment.written(), room);
    return appends.end_entry(header);
}

env::task<result<bool>> segment_writer::copy_forward(std::shared_ptr<live_segment> segment) {
    auto loaded = co_await load_hole(segment);
    if (!loaded) co_return std::unexpected(loaded.error());
    const std::uint64_t end = segment->end();
    const bool copies = !is_planted(planted_fault::tail_not_copied_forward);
    const auto copy = copies ? add_tail_entry(*segment, end, segment->next()) : context_.appends.last_added_sequence();
    if (!copy) co_return false;
    const bool durable = co_await context_.appends.until_durable(*copy);
    if (!durable) co_return fail(std::make_error_code(std::errc::io_error), "the journal failed");
    if (segment->has_settled_block()) note_may_rewrite(*segment);
    segment->note_copied_forward(*copy, end);
    co_return true;
}

void segment_writer::note_may_rewrite(live_segment& segment) {
    const std::uint64_t pinned_before = segment.unwritten_bytes();
    context_.pay_image(segment);
    segment.note_image_durable();
    context_.pinned_bytes += segment.unwritten_bytes() - pinned_before;
}

env::task<result<>> segment_writer::prepare_rewrite(std::shared_ptr<live_segment> segment) {
    if (!segment->has_settled_block()) co_return result<>{};
    auto loaded = co_await load_hole(segment);
    if (!loaded) co_return loaded;
    // The settled bytes alone: what was appended since is in groups of its own, which the marks keep.
    const auto image = add_tail_entry(*segment, segment->settled_end(), segment->settled_next());
    if (!image) co_return fail(std::make_error_code(std::errc::no_buffer_space), "the journal is full");
    const bool waits = !is_planted(planted_fault::settled_block_without_image);
    const bool durable = !waits || co_await context_.appends.until_durable(*image);
    if (!durable) co_return fail(std::make_error_code(std::errc::io_error), "the journal failed");
    note_may_rewrite(*segment);
    co_return result<>{};
}

env::task<result<>> segment_writer::write_range(std::shared_ptr<live_segment> segment, std::uint64_t from, std::uint64_t to) {
    const std::string name = path(*segment);
    auto opened = co_await context_.files.open_to_write(name, true);
    if (!opened) co_return std::unexpected(opened.error());
    const std::shared_ptr<env::file> file = *opened;
    while (from < to) {
        const std::uint64_t piece_end = std::min(to, from + write_bytes_max);
        // The memory of what is not yet written is never dropped: views are enough.
        std::vector<bytes_view> pieces = segment->tail().views(from, piece_end);
        auto written = co_await file->write_pieces(from, std::move(pieces));
        if (!written) co_return written;
        segment->unflushed = true;
        context_.counters.segment_bytes_written += piece_end - from;
        const std::uint64_t pinned_before = segment->unwritten_bytes();
        segment->note_written(piece_end);
        context_.pinned_bytes -= pinned_before - segment->unwritten_bytes();
        context_.cache_written(segment, piece_end);
        from = piece_end;
    }
    co_return result<>{};
}

env::task<result<>> segment_writer::write_blocks(std::shared_ptr<live_segment> segment) {
    const std::uint64_t to = round_down_to_block(segment->durable_end());
    if (to <= segment->written()) co_return result<>{};
    auto rewritable = co_await prepare_rewrite(segment);
    if (!rewritable) co_return rewritable;
    auto prepared = co_await prepare_file(segment, to);
    if (!prepared) co_return prepared;
    co_return co_await write_range(segment, segment->written(), to);
}

void segment_writer::note_settled(live_segment& segment) {
    context_.pinned_bytes -= segment.unwritten_bytes();
    context_.pay_image(segment);
    segment.note_settled();
}

env::task<result<bool>> segment_writer::write_padded(std::shared_ptr<live_segment> segment) {
    CHECK(segment->durable_end() == segment->end(), "settling what is not durable");
    const std::uint64_t end = segment->end();
    auto blocks = co_await write_blocks(segment);
    if (!blocks) co_return std::unexpected(blocks.error());
    // While the blocks were written more may have been appended, and be durable by now: then the segment is not idle and waits
    // for another time.
    const bool has_ragged_end = segment->end() == end && segment->unwritten_bytes() > 0;
    if (has_ragged_end) {
        auto rewritable = co_await prepare_rewrite(segment);
        if (!rewritable) co_return std::unexpected(rewritable.error());
        auto prepared = co_await prepare_file(segment, round_up_to_block(end));
        if (!prepared) co_return std::unexpected(prepared.error());
        if (segment->end() != end) co_return false;
        aligned_buffer block(block_bytes);
        segment->tail().copy(segment->written(), block.span().first(end - segment->written()));
        const std::string name = path(*segment);
        auto opened = co_await context_.files.open_to_write(name, true);
        if (!opened) co_return std::unexpected(opened.error());
        const std::shared_ptr<env::file> file = *opened;
        auto written = co_await file->write(segment->written(), block.span());
        if (!written) co_return std::unexpected(written.error());
        segment->unflushed = true;
    }
    auto flushed = co_await flush(segment);
    if (!flushed) co_return std::unexpected(flushed.error());
    // With bytes that came meanwhile the block holds acknowledged bytes on disk, whose image the journal still has.
    co_return segment->end() == end && segment->durable_end() == end;
}

env::task<result<>> segment_writer::settle(std::shared_ptr<live_segment> segment) {
    auto all = co_await write_padded(segment);
    if (!all) co_return std::unexpected(all.error());
    if (*all && segment->unwritten_bytes() > 0) note_settled(*segment);
    co_return result<>{};
}

env::task<result<>> segment_writer::cut_to_length(std::shared_ptr<live_segment> segment) {
    const std::string name = path(*segment);
    auto opened = co_await context_.files.open_to_write(name, false);
    if (!opened) co_return std::unexpected(opened.error());
    const std::shared_ptr<env::file> file = *opened;
    // Also what an earlier run had reserved that did not stop cleanly.
    auto size = co_await file->size();
    if (!size) co_return std::unexpected(size.error());
    // For readers to report, who know which records they miss.
    if (*size < segment->end()) log_error("log", "{} has {} bytes where {} were written", name, *size, segment->end());
    if (*size > segment->end()) {
        // File systems zero the rest of the last block, and so write acknowledged bytes again, torn by a power cut.
        if (segment->has_settled_block()) {
            auto kept = co_await copy_forward(segment);
            if (!kept) co_return std::unexpected(kept.error());
            if (!*kept) co_return fail(std::make_error_code(std::errc::no_buffer_space), "the journal is full");
        }
        auto cut = co_await file->truncate(segment->end());
        if (!cut) co_return cut;
        auto flushed = co_await file->flush();
        if (!flushed) co_return flush_failed(flushed.error());
    }
    note_settled(*segment);
    segment->reserved_bytes = 0;
    segment->has_exact_length = *size >= segment->end();
    co_return result<>{};
}

env::task<result<>> segment_writer::seal(std::shared_ptr<live_segment> segment) {
    auto all = co_await write_padded(segment);
    if (!all) co_return std::unexpected(all.error());
    CHECK(*all, "a rolled segment gets no appends");
    if (!segment->is_empty() && !segment->has_exact_length) {
        auto cut = co_await cut_to_length(segment);
        if (!cut) co_return cut;
    }
    if (!segment->is_empty() && segment->index_complete()) {
        auto indexed = co_await write_segment_index(&context_.world.files, directory_, segment->base(), segment->end(),
                                                    segment->next(), &segment->index());
        if (!indexed) co_return indexed;
    }
    segment->note_sealed();
    context_.cache_written(segment, segment->end());
    ++context_.counters.segments_sealed;
    co_return result<>{};
}

env::task<result<>> segment_writer::settle_to_length(std::shared_ptr<live_segment> segment) {
    auto all = co_await write_padded(segment);
    if (!all) co_return std::unexpected(all.error());
    CHECK(*all, "a log that is closed gets no appends");
    if (!segment->file_made || segment->has_exact_length) co_return result<>{};
    auto cut = co_await cut_to_length(segment);
    const bool has_room = cut || cut.error().code != std::errc::no_buffer_space;
    if (has_room) co_return cut;
    note_settled(*segment);  // padded, as after a recovery
    co_return result<>{};
}

env::task<result<>> segment_writer::flush(std::shared_ptr<live_segment> segment) {
    if (!segment->unflushed) co_return result<>{};
    const std::string name = path(*segment);
    auto opened = co_await context_.files.open_to_write(name, true);
    if (!opened) co_return std::unexpected(opened.error());
    const std::shared_ptr<env::file> file = *opened;
    segment->unflushed = false;
    const std::uint64_t written = segment->written();
    result<> flushed;
    if (!is_planted(planted_fault::segment_without_flush)) flushed = co_await file->flush();
    if (!flushed && is_planted(planted_fault::flush_retried_after_error)) flushed = co_await file->flush();
    if (!flushed) co_return flush_failed(flushed.error());
    segment->note_flushed(written);
    ++context_.counters.segment_flushes;
    co_return flushed;
}

}  // namespace logstore
