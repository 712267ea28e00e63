// Puts the entries of journal groups back where they belong.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "log/block_images.h"
#include "log/epoch_history.h"
#include "log/journal.h"
#include "log/journal_format.h"
#include "log/segment_writer.h"
#include "shard/recovery.h"

namespace logstore {

/// Takes groups in the order of each journal and brings the tablets' segments up to date. Entries at or below a tablet's
/// covered sequence are skipped, never judged by offset; bytes are placed by position, and a gap at the end is damage.
/// Memory: what is placed and not yet in whole blocks of a file, written early above a bound.
class journal_replay final : private journal_listener {
  public:
    journal_replay(env::environment world, recovery_options options, tablet_topic_lookup topic_of,
                   std::unordered_map<tablet_id, recovery_point> points, std::vector<block_image> images);
    ~journal_replay() override;

    /// Whether a file may end in a padded block with acknowledged bytes, which the replay would write again.
    bool has_settled_blocks() const;
    /// Notes which tablets this group names, and the images of settled blocks in it.
    result<> prepare(journal_sequence sequence, bytes_view payload);
    /// Loads the settled blocks of the tablets that were named. Nothing is written.
    env::task<result<>> load_settled_blocks();
    /// The blocks that were loaded; to be durable before the first apply().
    std::vector<block_image> settled_blocks() const;

    env::task<result<>> apply(journal_sequence sequence, byte_vector payload);
    /// Writes and flushes everything, last blocks padded; checks that no tablet has a gap.
    env::task<result<>> finish();

    /// After finish(): every tablet, settled.
    std::unordered_map<tablet_id, recovery_point> take_points();
    std::uint64_t replayed_bytes() const { return replayed_bytes_; }
    /// What went with the damage, a sentence each; once, after finish().
    std::vector<std::string> take_losses() { return std::move(losses_); }
    std::size_t replayed_tablets() const { return states_.size(); }

  private:
    struct late_entry {
        journal_entry_header header;
        byte_vector data;
    };
    struct state {
        std::string directory;
        offset log_start{0};
        std::shared_ptr<live_segment> segment;
        std::unique_ptr<segment_writer> writer;
        std::vector<late_entry> late;  // beyond a gap that a later entry fills
        epoch_history epochs;          // of the batches in the journal
        bool is_max_timestamp_known = true;
        timestamp_ms max_timestamp = no_timestamp;  // of the segment
        bool is_deleted = false;
    };

    struct prepared_tablet {
        std::string topic;
        /// Of the settled block, from the journal; empty: the file has the only one.
        byte_vector image;
        journal_sequence image_sequence{0};
    };

    /// The topic's name when the entry is to be replayed.
    std::string topic_to_replay(journal_sequence sequence, const journal_entry_header& header) const;
    void restore_block(tablet_id id, live_segment* segment) const;
    void note_timestamp(state* at, const journal_entry_header& header, bytes_view data) const;
    static void keep_image(prepared_tablet* of, const recovery_point& point, journal_sequence sequence,
                           const journal_entry_cursor::entry& entry);
    /// Nothing when one before it failed.
    env::task<> load_next(tablet_id id, prepared_tablet* one, result<>* outcome);
    env::task<> cut_to_whole_batches(state* at, recovery_point* known);
    env::task<result<state*>> state_of(tablet_id id, std::string topic);
    env::task<result<>> apply_entry(journal_sequence sequence, journal_entry_header header, bytes_view data);
    env::task<result<>> place(state* at, journal_sequence sequence, journal_entry_header header, bytes_view data);
    env::task<result<>> place_late(state* at, journal_sequence sequence);
    env::task<result<>> finish_one(tablet_id id, state* at);
    /// Nothing when one before it failed.
    env::task<> finish_next(std::pair<tablet_id, state*> one, result<>* outcome);
    void on_group_durable(journal_sequence) override {}
    void on_journal_failed(error) override {}

    recovery_options options_;
    tablet_topic_lookup topic_of_;
    std::unordered_map<tablet_id, recovery_point> points_;
    std::unordered_multimap<tablet_id, block_image> images_;
    journal unused_journal_;  // segments are rewritten from old journals: nothing is journalled anew
    log_context context_;
    std::unordered_map<tablet_id, prepared_tablet> prepared_;
    std::unordered_map<tablet_id, std::unique_ptr<state>> states_;
    std::uint64_t replayed_bytes_ = 0;
    std::vector<std::string> losses_;
};

}  // namespace logstore
