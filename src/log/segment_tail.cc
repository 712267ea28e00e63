#include "log/segment_tail.h"

#include <algorithm>
#include <cstdlib>

#include "base/check.h"

namespace logstore {
namespace {
/// Chunks double from a block to this: idle tablets stay small, busy ones write large pieces.
constexpr std::size_t chunk_bytes_max = std::size_t(64) << 10;
}  // namespace

segment_tail::chunk& segment_tail::chunk_for_append() {
    if (chunks_.empty() || end_ == chunks_.back().position + chunks_.back().capacity) {
        auto* memory = static_cast<std::byte*>(std::aligned_alloc(block_bytes, next_capacity_));
        CHECK(memory != nullptr, "out of memory for {} bytes", next_capacity_);
        CHECK(is_block_aligned(end_));
        chunks_.push_back({end_, next_capacity_, std::shared_ptr<std::byte>(memory, [](std::byte* p) { std::free(p); })});
        memory_bytes_ += next_capacity_;
        next_capacity_ = std::min(next_capacity_ * 2, chunk_bytes_max);
    }
    return chunks_.back();
}

void segment_tail::append(bytes_view bytes) {
    while (!bytes.empty()) {
        chunk& last = chunk_for_append();
        const std::size_t used = end_ - last.position;
        const std::size_t piece = std::min(bytes.size(), last.capacity - used);
        std::memcpy(last.memory.get() + used, bytes.data(), piece);
        bytes = bytes.subspan(piece);
        end_ += piece;
    }
}

void segment_tail::skip_to(std::uint64_t position) {
    CHECK(position >= end_ && round_down_to_block(position) == round_down_to_block(end_));
    if (position == end_) return;
    chunk_for_append();
    end_ = position;
}

void segment_tail::fill(std::uint64_t position, bytes_view bytes) {
    CHECK(holds(position, position + bytes.size()));
    while (!bytes.empty()) {
        chunk& at = chunks_[chunk_index(position)];
        const std::size_t from = position - at.position;
        const std::size_t piece = std::min(bytes.size(), at.capacity - from);
        std::memcpy(at.memory.get() + from, bytes.data(), piece);
        bytes = bytes.subspan(piece);
        position += piece;
    }
}

std::size_t segment_tail::chunk_index(std::uint64_t position) const {
    // Readers want the newest bytes most: search from the end.
    std::size_t index = chunks_.size();
    do {
        CHECK(index > 0, "position {} lies before the tail at {}", position, start_);
        --index;
    } while (chunks_[index].position > position);
    return index;
}

std::vector<bytes_view> segment_tail::views(std::uint64_t from, std::uint64_t to) const {
    CHECK(holds(from, to), "[{}, {}) of [{}, {})", from, to, start_, end_);
    std::vector<bytes_view> pieces;
    for (std::size_t index = from < to ? chunk_index(from) : 0; from < to; ++index) {
        const chunk& at = chunks_[index];
        const std::size_t skip = from - at.position;
        const std::size_t piece = std::min<std::uint64_t>(to - from, at.capacity - skip);
        pieces.emplace_back(at.memory.get() + skip, piece);
        from += piece;
    }
    return pieces;
}

void segment_tail::slice(std::uint64_t from, std::uint64_t to, std::vector<env::shared_bytes>& into) const {
    CHECK(holds(from, to), "[{}, {}) of [{}, {})", from, to, start_, end_);
    for (std::size_t index = from < to ? chunk_index(from) : 0; from < to; ++index) {
        const chunk& at = chunks_[index];
        const std::size_t skip = from - at.position;
        const std::size_t piece = std::min<std::uint64_t>(to - from, at.capacity - skip);
        into.emplace_back(at.memory, bytes_view(at.memory.get() + skip, piece));
        from += piece;
    }
}

void segment_tail::copy(std::uint64_t from, mutable_bytes into) const {
    std::byte* to = into.data();
    for (const bytes_view piece : views(from, from + into.size())) {
        std::memcpy(to, piece.data(), piece.size());
        to += piece.size();
    }
}

std::size_t segment_tail::drop_below(std::uint64_t position) {
    std::size_t freed = 0;
    while (!chunks_.empty()) {
        const chunk& first = chunks_.front();
        const std::uint64_t chunk_end = first.position + first.capacity;
        const bool is_last_and_open = chunks_.size() == 1 && end_ < chunk_end;
        if (is_last_and_open ? end_ > position : chunk_end > position) break;
        if (is_last_and_open && !is_block_aligned(end_)) break;
        freed += first.capacity;
        start_ = std::min(chunk_end, end_);
        chunks_.pop_front();
    }
    if (chunks_.empty()) next_capacity_ = block_bytes;
    memory_bytes_ -= freed;
    return freed;
}

}  // namespace logstore
