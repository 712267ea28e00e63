// The end of a segment in memory: what is not yet in its file, and the recent past that readers still want.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "env/stream.h"

namespace logstore {

/// A run of bytes of one segment, by position, in chunks. A byte once appended never changes and never moves, so slices may be
/// read and sent by other threads while this one appends behind them. Chunks start on blocks, so that whole blocks can be
/// written directly from here. One shard.
class segment_tail {
  public:
    /// Empty, beginning at `start`. REQUIRES: start on a block.
    explicit segment_tail(std::uint64_t start) : start_(start), end_(start) {}

    std::uint64_t start() const { return start_; }
    std::uint64_t end() const { return end_; }
    bool holds(std::uint64_t from, std::uint64_t to) const { return from >= start_ && to <= end_ && from <= to; }
    /// Memory taken, in bytes; grows in steps.
    std::size_t memory_bytes() const { return memory_bytes_; }

    void append(bytes_view bytes);
    /// Fills bytes that were skipped by skip_to(). REQUIRES: the range lies inside, nobody reads it yet.
    void fill(std::uint64_t position, bytes_view bytes);
    /// Makes the next append go to `position`, leaving a hole that fill() closes. REQUIRES: position in the block of end().
    void skip_to(std::uint64_t position);

    /// References to [from, to). REQUIRES: holds(from, to).
    void slice(std::uint64_t from, std::uint64_t to, std::vector<env::shared_bytes>& into) const;
    /// The same without keeping the memory alive.
    std::vector<bytes_view> views(std::uint64_t from, std::uint64_t to) const;
    /// Copies [from, from + into.size()).
    void copy(std::uint64_t from, mutable_bytes into) const;

    /// Forgets whole chunks that end at or below `position`; the last chunk stays unless everything goes and the end is on a
    /// block. Answers the bytes freed.
    std::size_t drop_below(std::uint64_t position);

  private:
    struct chunk {
        std::uint64_t position;
        std::size_t capacity;
        std::shared_ptr<std::byte> memory;
    };

    chunk& chunk_for_append();
    std::size_t chunk_index(std::uint64_t position) const;

    std::uint64_t start_;
    std::uint64_t end_;
    std::size_t memory_bytes_ = 0;
    std::size_t next_capacity_ = block_bytes;
    std::deque<chunk> chunks_;
};

}  // namespace logstore
