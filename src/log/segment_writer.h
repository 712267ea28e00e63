// Moves unsealed segments of one tablet into their files, behind the journal.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "log/log_context.h"
#include "model/topic_partition.h"

namespace logstore {

/// Writes only what the journal already holds durably, only whole blocks and only by direct I/O; never rewrites a block with
/// acknowledged bytes before its image is durable in the journal (design: §4, segments are written behind).
/// One operation at a time per tablet: the caller holds the tablet's turn. Errors of space leave everything as it was and may
/// be tried again; any other error means that the file's contents are unknown and the process must end.
class segment_writer {
  public:
    segment_writer(log_context& context, tablet_id tablet, std::string directory)
        : context_(context), tablet_(tablet), directory_(std::move(directory)) {}

    /// Writes the whole blocks that are durable in the journal. Not flushed.
    env::task<result<>> write_blocks(std::shared_ptr<live_segment> segment);
    /// Writes all, the last block padded, and flushes. REQUIRES: everything is durable in the journal.
    env::task<result<>> settle(std::shared_ptr<live_segment> segment);
    /// settle, the exact length, and the index files. REQUIRES: no more appends.
    env::task<result<>> seal(std::shared_ptr<live_segment> segment);
    /// settle, and the exact length when the journal has room for what that takes. REQUIRES: everything is durable in the
    /// journal, no more appends.
    env::task<result<>> settle_to_length(std::shared_ptr<live_segment> segment);
    /// What was written is durable.
    env::task<result<>> flush(std::shared_ptr<live_segment> segment);
    /// Brings the settled block's bytes back into memory.
    env::task<result<>> load_hole(std::shared_ptr<live_segment> segment);
    /// Repeats [written, end) in the journal and completes when that is durable: no earlier group is needed any more. False:
    /// the journal has no room for it, or it is too large for one entry. REQUIRES: what is written is flushed.
    env::task<result<bool>> copy_forward(std::shared_ptr<live_segment> segment);

    /// The tablet's directory is there, durably.
    env::task<result<>> make_directory();
    /// It is, and it is this tablet's.
    void note_directory_made() { directory_made_ = true; }

    const std::string& directory() const { return directory_; }

  private:
    env::task<result<>> prepare_file(std::shared_ptr<live_segment> segment, std::uint64_t end);
    /// Adds a tail entry with [written, end); nothing when the journal has no room.
    std::optional<journal_sequence> add_tail_entry(const live_segment& segment, std::uint64_t end, next_offset next);
    void note_may_rewrite(live_segment& segment);
    env::task<result<>> prepare_rewrite(std::shared_ptr<live_segment> segment);
    /// Writes all, the last block padded, and flushes; the journal still holds that block. Answers whether that was all.
    env::task<result<bool>> write_padded(std::shared_ptr<live_segment> segment);
    /// Cuts what lies behind a segment that write_padded has written. Errors: no_buffer_space when the journal has no room.
    env::task<result<>> cut_to_length(std::shared_ptr<live_segment> segment);
    void note_settled(live_segment& segment);
    env::task<result<>> write_range(std::shared_ptr<live_segment> segment, std::uint64_t from, std::uint64_t to);
    std::string path(const live_segment& segment) const;

    log_context& context_;
    tablet_id tablet_;
    std::string directory_;
    bool directory_made_ = false;
};

}  // namespace logstore
