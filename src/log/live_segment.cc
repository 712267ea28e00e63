#include "log/live_segment.h"

#include <algorithm>

#include "base/check.h"

namespace logstore {

live_segment::live_segment(offset base, std::uint64_t bytes, next_offset next)
    : base_(base),
      next_(next),
      end_(bytes),
      written_(round_down_to_block(bytes)),
      flushed_(written_),
      durable_end_(bytes),
      durable_next_(next),
      settled_end_(bytes),
      settled_next_(next),
      hole_end_(bytes),
      tail_(round_down_to_block(bytes)),
      index_(base, bytes),
      index_start_offset_(first_not_below(next)),
      index_start_bytes_(bytes) {
    file_made = bytes > 0;
}

void live_segment::append(const record_batch_header& header, bytes_view batch, journal_sequence sequence, timestamp_ms now) {
    CHECK(header.base_offset.value() == next_.value(), "batch {} after {}", header.base_offset, next_);
    if (first_append_time_ == no_timestamp) first_append_time_ = now;
    if (tail_.end() != end_) tail_.skip_to(end_);
    index_.add_batch(header.last_offset(), end_, batch.size(), header.max_timestamp);
    tail_.append(batch);
    end_ += batch.size();
    next_ = header.next();
    if (marks_.empty() || marks_.back().sequence != sequence) {
        CHECK(marks_.empty() || marks_.back().sequence < sequence);
        marks_.push_back({sequence, end_});
    } else {
        marks_.back().end = end_;
    }
}

bool live_segment::place(std::uint64_t position, bytes_view bytes, next_offset next, journal_sequence sequence) {
    CHECK(!has_hole(), "the settled block is loaded before anything is placed");
    const std::uint64_t place_end = position + bytes.size();
    if (position > end_) return false;
    // What lies below the memory is durable in whole blocks of the file.
    if (position < tail_.start()) bytes = bytes.subspan(std::min<std::uint64_t>(bytes.size(), tail_.start() - position));
    const std::uint64_t from = place_end - bytes.size();
    const std::size_t overlap = std::min<std::uint64_t>(bytes.size(), end_ - std::min(end_, from));
    if (overlap > 0) tail_.fill(from, bytes.first(overlap));
    tail_.append(bytes.subspan(overlap));
    if (place_end >= end_) {
        end_ = place_end;
        next_ = std::max(next_, next);
        note_durable(end_, next_);
        // Replayed bytes are indexed when they are first looked for.
        index_start_bytes_ = end_;
        index_start_offset_ = first_not_below(next_);
    }
    marks_.clear();
    if (end_ > flushed_) marks_.push_back({sequence, end_});
    return true;
}

void live_segment::fill_hole(bytes_view bytes) {
    CHECK(has_hole() && bytes.size() == hole_end_ - tail_.start());
    if (tail_.end() < hole_end_) tail_.skip_to(hole_end_);
    tail_.fill(tail_.start(), bytes);
    hole_end_ = tail_.start();
}

void live_segment::note_copied_forward(journal_sequence sequence, std::uint64_t end) {
    CHECK(flushed_ == written_, "only what is flushed may be left out of the copy");
    CHECK(end <= end_);
    // Earlier marks stay until here: before the copy is durable only the earlier groups hold what was acknowledged.
    while (!marks_.empty() && marks_.front().end <= end) marks_.pop_front();
    marks_.push_front({sequence, end});
    settled_end_ = 0;
}

void live_segment::complete_index(const offset_index& before) {
    CHECK(!index_complete());
    offset_index whole = before;
    whole.extend(index_);
    index_ = std::move(whole);
    index_start_bytes_ = 0;
    index_start_offset_ = base_;
}

void live_segment::pop_marks() {
    while (!marks_.empty() && marks_.front().end <= flushed_) marks_.pop_front();
}

void live_segment::note_written(std::uint64_t position) {
    CHECK(is_block_aligned(position) && position >= written_ && position <= end_ && !has_settled_block());
    written_ = position;
}

void live_segment::note_flushed(std::uint64_t position) {
    CHECK(position >= flushed_ && position <= written_);
    flushed_ = position;
    pop_marks();
}

void live_segment::note_settled() {
    written_ = flushed_ = round_down_to_block(end_);
    settled_end_ = end_;
    settled_next_ = next_;
    marks_.clear();
}

void live_segment::note_sealed() {
    note_settled();
    sealed_ = true;
}

std::size_t live_segment::drop_all_memory() {
    CHECK(marks_.empty());
    const std::size_t freed = tail_.memory_bytes();
    tail_ = segment_tail(round_down_to_block(end_));
    hole_end_ = end_;
    return freed;
}

}  // namespace logstore
