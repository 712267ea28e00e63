// A segment that is not sealed: part of it may be only in memory and in the journal.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "log/offset_index.h"
#include "log/segment_tail.h"
#include "model/record_batch.h"

namespace logstore {

/// State of one unsealed segment; segment_writer moves it towards its file. One shard.
///
///   0 ........ flushed ........ written ........ durable_end ........ end
///   | in file, durable | in file | in the journal, in memory | in the collecting group or in flight, in memory |
///
/// Invariants: flushed and written are on blocks; flushed ≤ written ≤ end; durable_end ≤ end; memory holds
/// [max(tail.start, hole_end), end); every byte of [flushed, end) that is not in a settled block is in a journal group not
/// below the first mark's.
class live_segment {
  public:
    /// An empty segment that begins with `base`.
    explicit live_segment(offset base)
        : base_(base),
          next_(base.value()),
          durable_next_(base.value()),
          tail_(0),
          index_(base),
          index_start_offset_(base) {}
    /// A segment found after a stop: `bytes` of it are in its file, a last partial block padded ("settled").
    live_segment(offset base, std::uint64_t bytes, next_offset next);

    offset base() const { return base_; }
    next_offset next() const { return next_; }
    std::uint64_t end() const { return end_; }
    std::uint64_t written() const { return written_; }
    /// What the file holds durably: whole blocks, or all with a settled last block.
    std::uint64_t durable_file_bytes() const { return std::max(flushed_, settled_end_); }
    std::uint64_t durable_end() const { return durable_end_; }
    bool is_empty() const { return end_ == 0; }
    /// The wall time of the first append, for rolling by age; no_timestamp when not known.
    timestamp_ms first_append_time() const { return first_append_time_; }

    /// Takes a batch whose offset and epoch are assigned and that is in journal group `sequence`.
    void append(const record_batch_header& header, bytes_view batch, journal_sequence sequence, timestamp_ms now);
    /// The journal holds everything below `next`, which ends at `position`, durably.
    void note_durable(std::uint64_t position, next_offset next) {
        if (position < durable_end_) return;
        durable_end_ = position;
        durable_next_ = next;
    }
    next_offset durable_next() const { return durable_next_; }

    /// For recovery: puts replayed bytes where they were, over what is there or at the end. False when they would leave a gap.
    bool place(std::uint64_t position, bytes_view bytes, next_offset next, journal_sequence sequence);

    /// Bytes that exist only in memory and the journal.
    std::uint64_t unwritten_bytes() const { return end_ - std::min(end_, std::max(written_, settled_end_)); }
    /// The lowest journal group that holds bytes which the file does not; nothing when the file holds all.
    bool needs_journal() const { return !marks_.empty(); }
    journal_sequence first_needed_sequence() const { return marks_.front().sequence; }
    /// Whether the file's last block is padded and holds acknowledged bytes: it is not rewritten before its image is durable.
    bool has_settled_block() const { return settled_end_ > written_; }
    std::uint64_t settled_end() const { return settled_end_; }
    /// The part of the last block that is on disk and not in memory.
    bool has_hole() const { return hole_end_ > tail_.start(); }
    std::uint64_t hole_end() const { return hole_end_; }
    /// Puts the hole's bytes in place. REQUIRES: has_hole, bytes of [tail.start, hole_end).
    void fill_hole(bytes_view bytes);
    /// The offset behind the settled bytes.
    next_offset settled_next() const { return settled_next_; }
    /// A tail entry with [written, end) in group `sequence` is durable: what was in earlier groups, and a settled block, is in
    /// that one too. REQUIRES: nothing was written meanwhile.
    void note_copied_forward(journal_sequence sequence, std::uint64_t end);
    /// A tail entry that holds the settled block is durable, in a group not below the first mark's: the block may be rewritten.
    void note_image_durable() { settled_end_ = 0; }
    /// Whole blocks up to `position` are in the file.
    void note_written(std::uint64_t position);
    /// What was written up to `position` is durable in the file.
    void note_flushed(std::uint64_t position);
    /// Everything is in the file durably, the last block padded.
    void note_settled();
    /// The file has its exact length and is closed for writing; memory is only a cache from now on.
    void note_sealed();
    bool is_sealed() const { return sealed_; }
    /// Bytes that may be read from the file through the page cache.
    std::uint64_t readable_file_bytes() const { return sealed_ ? end_ : written_; }
    /// Gives back memory that the file backs. Answers the bytes freed.
    std::size_t drop_memory_below(std::uint64_t position) {
        // A sealed segment's last chunk has a ragged end, which its file holds too.
        if (sealed_ && position >= end_) return drop_all_memory();
        return tail_.drop_below(std::min(position, written_));
    }
    /// Gives back all memory. REQUIRES: settled, nobody is filling the hole.
    std::size_t drop_all_memory();

    const segment_tail& tail() const { return tail_; }
    /// Holds the batches appended since the segment was opened: all of them, or those from index_start_offset() on.
    const offset_index& index() const { return index_; }
    /// Puts the index of the bytes below index_start_bytes() in front.
    void complete_index(const offset_index& before);
    bool index_complete() const { return index_start_bytes_ == 0; }
    offset index_start_offset() const { return index_start_offset_; }
    std::uint64_t index_start_bytes() const { return index_start_bytes_; }

    // What segment_writer knows of the file.
    bool file_made = false;
    bool unflushed = false;
    std::uint64_t reserved_bytes = 0;
    /// Nothing was written since the file was cut to its length.
    bool has_exact_length = false;
    /// The journal keeps room for the image of the settled block (log_context::images_owed).
    bool is_image_owed = false;

  private:
    struct mark {
        journal_sequence sequence;
        std::uint64_t end;
    };

    void pop_marks();

    offset base_;
    next_offset next_;
    std::uint64_t end_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t flushed_ = 0;
    std::uint64_t durable_end_ = 0;
    next_offset durable_next_;
    std::uint64_t settled_end_ = 0;
    next_offset settled_next_{0};
    std::uint64_t hole_end_ = 0;
    segment_tail tail_;
    offset_index index_;
    offset index_start_offset_;
    std::uint64_t index_start_bytes_ = 0;
    bool sealed_ = false;
    timestamp_ms first_append_time_ = no_timestamp;
    std::deque<mark> marks_;
};

}  // namespace logstore
