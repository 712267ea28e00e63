// The log of one tablet: its segments, from the log start to the end.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/turn.h"
#include "log/recovery_points.h"
#include "log/segment_writer.h"
#include "log/segment_view.h"
#include "log/tablet_epochs.h"

namespace logstore {

/// What a topic's settings say to its logs.
struct tablet_log_settings {
    std::uint64_t segment_bytes = std::uint64_t(1) << 30;
    std::int64_t segment_ms = std::int64_t(7) * 24 * 3600 * 1000;
    /// −1 = no limit.
    std::int64_t retention_bytes = -1;
    std::int64_t retention_ms = std::int64_t(7) * 24 * 3600 * 1000;
};

struct log_location {
    offset segment_base;
    std::uint64_t position = 0;
};

/// The append-only log of one tablet. append() takes batches that are in the journal; the coroutines move them to files and
/// read them back. One shard. Coroutines that change files take turns; reads run beside them. The owner keeps the object
/// alive while one of its coroutines runs.
class tablet_log {
  public:
    /// A log that never had a record, or one found after a stop.
    tablet_log(log_context& context, tablet_id id, const std::string& topic, tablet_log_settings settings,
               std::optional<recovery_point> found);

    tablet_id id() const { return id_; }
    const std::string& directory() const { return writer_.directory(); }
    void set_settings(tablet_log_settings settings) { settings_ = settings; }

    offset log_start() const { return log_start_; }
    next_offset next() const { return live_.back()->next(); }
    timestamp_ms last_append_time() const { return last_append_time_; }

    /// Where a batch of this size will go; a segment that is full or too old is rolled first, in memory only.
    log_location place(const record_batch_header& header, std::size_t batch_bytes, timestamp_ms now);
    /// Takes a batch at the place() given; it is in journal group `sequence`.
    void append(const record_batch_header& header, bytes_view batch, journal_sequence sequence, timestamp_ms now);
    /// The journal holds everything below `next`, which ends at `up_to`, durably.
    void note_durable(log_location up_to, next_offset next);

    std::uint64_t unwritten_bytes() const;
    /// The lowest journal group that this log needs at a replay, for its bytes or to know of an epoch.
    std::optional<journal_sequence> first_needed_sequence() const;
    /// What a recovery must know, now.
    recovery_point point() const;
    /// A recovery point with this segment base is durable. Segments from there on are not removed before a later one is.
    void note_recorded(offset segment_base) { recorded_base_ = segment_base; }

    /// Whether write_behind() would do something.
    bool has_work_behind() const;
    /// Writes durable whole blocks, seals rolled segments. Not flushed.
    env::task<result<>> write_behind();
    /// Makes this log independent of journal groups up to `sequence`, by its files or by copying ragged tails forward. What
    /// it copied is in groups up to the collecting one: wait until that is durable before recording point(). Writes the
    /// epoch checkpoint when such a group holds the first batch of an epoch. REQUIRES: that group is durable.
    env::task<result<>> leave_journal(journal_sequence sequence);
    /// Writes everything including the ragged end and gives the memory back. For an idle tablet.
    env::task<result<>> settle();
    /// At a clean stop: as settle, and the file gets its exact length.
    env::task<result<>> close();

    /// A segment was sealed since retention was applied: the size limit may be passed.
    bool has_sealed_since_retention() const { return sealed_since_retention_; }
    /// Deletes sealed segments by age and size, none that holds `limit` or what is behind it. Answers how many bytes went.
    env::task<result<std::uint64_t>> apply_retention(timestamp_ms now, offset limit = no_limit);
    static constexpr offset no_limit{std::numeric_limits<std::int64_t>::max()};
    /// Moves the log start, durably, and deletes what lies wholly below it. REQUIRES: below the durable end.
    env::task<result<>> move_log_start(offset to);
    /// Renames the directory out of the way, durably; remove_renamed deletes what it holds.
    env::task<result<>> rename_for_deletion();

    /// The segments that hold [from, …), oldest first: the first holds `from` unless `from` is the end. Loads the list of
    /// sealed segments at first use.
    env::task<result<std::vector<segment_view>>> views_from(offset from);
    /// All segments.
    env::task<result<std::vector<segment_view>>> all_views();
    /// A quick way for readers at the tail: the active segment, when `from` lies in it.
    std::optional<segment_view> active_view_for(offset from) const;

    /// The largest epoch not above `wanted` and where it ends (epoch_history::end_of), the log's end being next(). Reads the
    /// epoch checkpoint when it is not in memory, and searches the batches when that is lost.
    env::task<result<epoch_end>> end_of_epoch(leader_epoch wanted);
    /// The epoch of the batch that holds `wanted`; no_leader_epoch outside the log.
    env::task<result<leader_epoch>> epoch_at(offset wanted);

    /// Of the batches in all segments, those that are not in files yet among them. Lists the sealed segments at first use.
    env::task<result<std::uint64_t>> size_bytes();

    std::size_t memory_bytes() const;
    log_context& context() { return context_; }

  private:
    struct sealed_segment {
        offset base;
        std::uint64_t bytes = 0;
        timestamp_ms max_timestamp = no_timestamp;
        std::shared_ptr<live_segment> cached;  // its memory, while some is left
    };

    live_segment& active() { return *live_.back(); }
    segment_view view_of_sealed(std::size_t index) const;
    segment_view view_of(const std::shared_ptr<live_segment>& segment) const;
    env::task<result<>> load_sealed();
    /// REQUIRES: the list of sealed segments is loaded.
    std::uint64_t loaded_size_bytes() const;
    env::task<result<>> write_behind_in_turn();
    env::task<result<>> settle_in_turn();
    env::task<result<epoch_history>> epochs();
    env::task<result<>> load_epochs_in_turn();
    env::task<result<>> save_epochs_in_turn();
    std::optional<journal_sequence> first_sequence_of_bytes() const;
    env::task<result<>> remove_below_log_start();
    /// Seals the oldest segment. REQUIRES: rolled, durable.
    env::task<result<>> seal_first();
    env::task<timestamp_ms> max_timestamp_of(segment_view view);
    /// The largest timestamp of the oldest live segment; no_timestamp when not known.
    timestamp_ms known_max_timestamp() const;
    bool is_older_than_retention(timestamp_ms largest, timestamp_ms now) const;
    env::task<> roll_when_old(timestamp_ms now);
    bool needs_roll(const record_batch_header& header, std::size_t batch_bytes, timestamp_ms now) const;
    void roll();

    log_context& context_;
    tablet_id id_;
    tablet_log_settings settings_;
    offset log_start_{0};
    offset log_start_promised_{0};  // in the journal, perhaps not yet durable
    std::optional<offset> recorded_base_;
    /// Of the batches that the oldest live segment had at the start; a segment that began later has all in its index.
    std::optional<timestamp_ms> prefix_max_timestamp_;
    timestamp_ms last_append_time_ = no_timestamp;
    bool sealed_loaded_;
    bool sealed_since_retention_ = false;
    std::deque<sealed_segment> sealed_;
    std::deque<std::shared_ptr<live_segment>> live_;  // at least one; the last takes appends
    segment_writer writer_;
    tablet_epochs epochs_;
    env::turn turn_;
};

/// Deletes a directory that rename_for_deletion left, with its files. Harmless when it is gone.
env::task<result<>> remove_renamed_directory(env::file_system* files, std::string folder, std::string directory);
/// The name that rename_for_deletion gives.
std::string deleted_directory_name(const std::string& directory, topic_id topic);

}  // namespace logstore
