// One replica of one partition: the single writer that assigns offsets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "log/log_reader.h"
#include "log/tablet_log.h"
#include "tablet/tablet_errc.h"

namespace logstore {

struct tablet_settings {
    tablet_log_settings log;
    std::size_t batch_bytes_max = 1048588;
    bool log_append_time = false;
    bool keeps_key_view = false;
    /// Of the topic.
    std::int32_t partition_count = 1;
};

/// Told when a tablet has more to read, or will never have. One call at most, then it is forgotten.
class tablet_watcher {
  public:
    virtual ~tablet_watcher() = default;
    virtual void on_tablet_changed() = 0;
};

/// Where an append went. It is durable when journal group `sequence` is.
struct placed_append {
    offset base_offset;
    next_offset next;
    log_location end;
    journal_sequence sequence;
    timestamp_ms append_time = no_timestamp;
};

struct tablet_read {
    tablet_errc code = tablet_errc::ok;
    std::vector<env::shared_bytes> pieces;
    std::size_t bytes = 0;
};

struct timed_offset {
    std::int64_t found_offset = -1;
    timestamp_ms timestamp = no_timestamp;
};

/// The leader replica of a partition. append() assigns offsets in the order of its calls; readers see only what is durable
/// (the high watermark). One shard; coroutines of readers may overlap with everything.
class tablet {
  public:
    tablet(log_context& context, tablet_id id, std::string topic, tablet_settings settings, leader_epoch epoch,
           std::optional<recovery_point> found);
    ~tablet();

    tablet_id id() const { return log_.id(); }
    const std::string& topic() const { return topic_; }
    leader_epoch epoch() const { return epoch_; }
    const tablet_settings& settings() const { return settings_; }
    void set_settings(tablet_settings settings);

    offset log_start() const { return log_.log_start(); }
    next_offset log_end() const { return log_.next(); }
    next_offset high_watermark() const { return high_watermark_; }

    /// Assigns offsets, copies the batch into the journal's collecting group and the log. The batch must be whole and its CRC
    /// right; the header is its own. REQUIRES: the journal has room.
    placed_append append(const record_batch_header& header, bytes_view batch, timestamp_ms now);
    /// The journal group of this append is durable: readers may see it.
    void note_durable(const placed_append& append);

    /// Ok, or the code for a caller's leader epoch (no_leader_epoch: not checked).
    tablet_errc check_epoch(leader_epoch of_caller) const;
    /// Whole batches from the one that holds `from`, below the high watermark.
    env::task<tablet_read> read(offset from, std::size_t bytes_max, bool at_least_one);
    /// Of the records from the log start on: the first at `wanted` or later, the first of the latest.
    env::task<result<timed_offset>> find_timestamp(timestamp_ms wanted);
    env::task<result<timed_offset>> find_max_timestamp();

    /// Where `wanted` or the largest epoch below it ends, for OffsetForLeaderEpoch: this leader's own ends with the log, also
    /// before its first batch. No epoch for one above this leader's.
    env::task<result<epoch_end>> end_of_epoch(leader_epoch wanted);

    /// `watcher` is called when the high watermark passes `seen`, or when the tablet goes. False: it has passed already.
    bool watch(next_offset seen, std::weak_ptr<tablet_watcher> watcher);
    void forget_expired_watchers();

    /// No more appends or reads; watchers are told. The log's files stay.
    void close_for_deletion();
    bool is_closed() const { return is_closed_; }

    tablet_log& log() { return log_; }
    const tablet_log& log() const { return log_; }

  private:
    struct read_cursor {
        offset next{-1};
        offset segment_base{-1};
        std::uint64_t position = 0;
    };
    tablet_errc code_of_failed_read(offset from, const error& why) const;
    void remember_cursor(next_offset next, const segment_view& view, std::uint64_t position);
    env::task<result<std::optional<timed_offset>>> first_record_at(segment_view view, timestamp_ms wanted, offset from);
    env::task<result<timed_offset>> latest_record_of(segment_view view, offset from);
    env::task<result<timed_offset>> latest_in(segment_view view, found_batch batch, offset from);

    std::string topic_;
    tablet_settings settings_;
    leader_epoch epoch_;
    tablet_log log_;
    log_reader reader_;
    next_offset high_watermark_;
    bool is_closed_ = false;
    static constexpr std::size_t watchers_swept_min = 16;
    std::vector<std::weak_ptr<tablet_watcher>> watchers_;
    std::size_t watchers_sweep_at_ = watchers_swept_min;
    // Where sequential readers stopped: the next read needs no index.
    static constexpr std::size_t cursor_count = 4;
    read_cursor cursors_[cursor_count];
    std::size_t next_cursor_ = 0;
};

}  // namespace logstore
