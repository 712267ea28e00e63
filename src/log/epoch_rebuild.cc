#include "log/epoch_rebuild.h"

#include <fmt/core.h>

#include "log/log_errc.h"
#include "log/log_reader.h"

namespace logstore {
namespace {

env::task<result<found_batch>> batch_at(log_reader* reader, segment_view view, std::uint64_t position) {
    auto batch = co_await reader->batch_at(view, position);
    if (!batch) co_return std::unexpected(batch.error());
    if (!*batch)
        co_return fail(log_errc::corrupt, fmt::format("no batch at position {} of {}", position, view.path));
    co_return **batch;
}

/// The first batch behind `from` with a later epoch; nothing when there is none in this segment.
env::task<result<std::optional<found_batch>>> find_next_epoch(log_reader* reader, segment_view view,
                                                              std::shared_ptr<const offset_index> index,
                                                              found_batch from) {
    const leader_epoch epoch = from.header.epoch;
    const auto start_before = [&](std::uint64_t position) {
        const bool is_new =
            view.live && !view.live->index_complete() && position >= view.live->index_start_bytes();
        return (is_new ? view.live->index() : *index).batch_start_before(position);
    };
    // Invariant: `from` is of the epoch; the batch at `high` is of a later one, or the segment ends there.
    std::uint64_t high = view.limit;
    for (;;) {
        const std::uint64_t middle = start_before(from.position + (high - from.position) / 2);
        if (middle <= from.position) break;
        auto batch = co_await batch_at(reader, view, middle);
        if (!batch) co_return std::unexpected(batch.error());
        if (batch->header.epoch > epoch)
            high = middle;
        else
            from = *batch;
    }
    for (std::uint64_t position = from.end(); position < view.limit;) {
        auto batch = co_await batch_at(reader, view, position);
        if (!batch) co_return std::unexpected(batch.error());
        if (batch->header.epoch > epoch) co_return *batch;
        position = batch->end();
    }
    co_return std::optional<found_batch>();
}

}  // namespace

env::task<result<epoch_history>> rebuild_epochs(log_context* context, std::vector<segment_view> segments) {
    log_reader reader(*context);
    std::erase_if(segments, [](const segment_view& view) { return view.limit == 0; });
    std::vector<found_batch> firsts;
    for (const segment_view& view : segments) {
        auto first = co_await batch_at(&reader, view, 0);
        if (!first) co_return std::unexpected(first.error());
        firsts.push_back(*first);
    }
    epoch_history history;
    for (std::size_t at = 0; at < segments.size(); ++at) {
        history.note(firsts[at].header.epoch, firsts[at].header.base_offset);
        if (at + 1 < segments.size() && firsts[at + 1].header.epoch == firsts[at].header.epoch) continue;
        const segment_view& view = segments[at];
        auto index = co_await reader.index_of(view);
        if (!index) co_return std::unexpected(index.error());
        for (found_batch from = firsts[at];;) {
            auto next = co_await find_next_epoch(&reader, view, *index, from);
            if (!next) co_return std::unexpected(next.error());
            if (!*next) break;
            from = **next;
            history.note(from.header.epoch, from.header.base_offset);
        }
    }
    co_return history;
}

}  // namespace logstore
