// The journal of one shard: where appends become durable, one write for all that wait.
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "env/environment.h"
#include "env/gate.h"
#include "log/journal_group.h"

namespace logstore {

struct journal_options {
    std::string folder;
    shard_id shard;
    std::uint64_t file_bytes = std::uint64_t(64) << 20;
    std::uint32_t files = 4;
    /// A group is written when the one before it is durable, or waits in line when it has grown to this.
    std::size_t group_bytes_max = std::size_t(1) << 20;
    /// After this long without a new group an empty one follows, which proves that the last was durable.
    env::duration closing_delay = std::chrono::milliseconds(5);
};

/// What the journal tells its shard, on the shard's thread, never from inside a call of the shard.
class journal_listener {
  public:
    virtual ~journal_listener() = default;
    /// All groups up to and including `durable` are on stable storage. Called once a non-empty group, in order.
    virtual void on_group_durable(journal_sequence durable) = 0;
    /// A write failed: nothing more will be durable, and what was in flight may be or not. The process must end.
    virtual void on_journal_failed(error why) = 0;
};

/// Figures of the journal since its start.
struct journal_counters {
    std::uint64_t groups = 0;
    std::uint64_t entries = 0;
    std::uint64_t bytes_written = 0;
    std::uint64_t files_released = 0;
    /// Of groups that hold entries: from the write to the news that it is durable, and bytes on disk.
    time_histogram flush_times;
    histogram<12, 14> group_bytes;
    /// Appends of groups that hold some.
    histogram<1, 14> group_appends;
};

/// Appends entries to preallocated, recycled files in groups; one group is in flight at a time, the next collects meanwhile.
/// Guarantee: when on_group_durable(n) is called, groups up to n survive a power cut, and group n+1 was not begun before.
/// Owned by one shard, used on its thread only. Memory: the groups in line, which the shard bounds by pinned bytes.
class journal {
  public:
    journal(env::environment world, journal_options options, journal_listener& listener);
    ~journal();

    /// Makes the files, zeroed and durable. Existing files of these names are overwritten from the first group on.
    /// The first group gets `first`, every group `salt`: random, of this start of the store, in its recovery points.
    /// REQUIRES: first > every sequence ever written by this store.
    env::task<result<>> open(journal_sequence first, std::uint64_t salt);
    /// Waits until everything added is durable and stops. Nothing may be added any more.
    env::task<> close();

    /// Whether an entry of so many bytes may be added now: beside it one file is left for a checkpoint, and room for so many
    /// entries of at most a block (images of settled blocks).
    bool has_room(std::size_t data_bytes, std::size_t blocks_beside) const {
        return has_room_beside(data_bytes, 1, blocks_beside);
    }
    /// The same for an entry that a checkpoint writes: it may use the file kept for checkpoints.
    bool has_room_for_checkpoint(std::size_t data_bytes, std::size_t blocks_beside = 0) const {
        return has_room_beside(data_bytes, 0, blocks_beside);
    }
    /// The largest data of one entry.
    std::size_t entry_bytes_max() const;

    /// Room for one entry's data in the collecting group; end_entry must follow before anything else. REQUIRES: has_room.
    mutable_bytes begin_entry(std::size_t data_bytes);
    /// Closes the entry begun and says in which group it is.
    journal_sequence end_entry(const journal_entry_header& header);
    /// begin, copy, end.
    journal_sequence add(const journal_entry_header& header, bytes_view data);

    /// The group that the next entry goes into.
    journal_sequence collecting_sequence() const { return next_sequence_ + in_line_.size(); }
    /// The last group that an entry went into.
    journal_sequence last_added_sequence() const {
        return collecting_->is_empty() ? collecting_sequence() - 1 : collecting_sequence();
    }
    journal_sequence durable_sequence() const { return durable_; }
    /// Completes when group `sequence` is durable; false when the journal failed or closed before that.
    env::task<bool> until_durable(journal_sequence sequence);

    /// Groups below `needed` will not be replayed any more: the recovery points that say so are durable. Their files are
    /// free to be used again.
    void release_below(journal_sequence needed);
    /// The last sequence of the oldest file that is full and not released; durable_sequence() when there is none.
    journal_sequence oldest_full_file_end() const;
    /// Bytes of files that are not free, and of all files.
    std::uint64_t used_bytes() const;
    std::uint64_t capacity_bytes() const { return options_.file_bytes * options_.files; }
    /// Groups that wait for the one that is being written, without the one that collects.
    std::size_t groups_in_line() const { return in_line_.size(); }
    bool is_writing() const { return writing_; }

    const journal_counters& counters() const { return counters_; }
    /// `<folder>/<shard>-<index>.journal`.
    static std::string file_path(const std::string& folder, shard_id shard, std::uint32_t index);

  private:
    struct durable_waiter {
        journal_sequence sequence;
        std::coroutine_handle<> waiting;
    };
    struct journal_file {
        std::unique_ptr<env::file> handle;
        journal_sequence last{0};  // of the groups in it
        bool in_use = false;
    };

    bool has_room_beside(std::size_t data_bytes, std::uint64_t files_kept, std::size_t blocks_beside) const;
    std::unique_ptr<journal_group> take_group(std::size_t data_bytes);
    void recycle(std::unique_ptr<journal_group> group);
    void seal_collecting();
    void schedule_write();
    void write_next();
    env::task<> write_group(std::unique_ptr<journal_group> group);
    void advance_file(std::size_t group_bytes);
    void count_group(const journal_group& group, std::size_t bytes, env::duration took);
    void arm_closing_timer();
    void wake_waiters();
    env::task<result<>> make_file(std::uint32_t index);

    env::environment world_;
    journal_options options_;
    journal_listener& listener_;
    std::vector<journal_file> files_;
    std::vector<std::uint32_t> full_;  // indexes of used files, oldest first, without the active one
    std::uint32_t active_ = 0;
    std::uint64_t position_ = 0;
    std::unique_ptr<journal_group> collecting_;
    std::deque<std::unique_ptr<journal_group>> in_line_;  // sealed, oldest first
    std::vector<std::unique_ptr<journal_group>> spare_;
    std::size_t in_flight_bytes_ = 0;  // on disk, of the group being written
    std::size_t entry_bytes_begun_ = 0;
    journal_sequence next_sequence_{0};  // of the group that is written next (in_line_ front, else collecting)
    journal_sequence durable_{0};
    std::uint64_t salt_ = 0;
    std::uint32_t checksum_before_ = 0;
    bool writing_ = false;
    bool write_scheduled_ = false;
    bool last_was_empty_ = true;
    bool closing_ = false;
    bool failed_ = false;
    env::timer_id closing_timer_ = 0;
    journal_counters counters_;
    std::vector<durable_waiter> waiters_;
    env::gate writes_;
};

}  // namespace logstore
