// The key view of one tablet: follows the log and answers by key.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "env/environment.h"
#include "env/wake_up.h"
#include "kv/changes.h"
#include "kv/view_database.h"
#include "tablet/key_overlay.h"
#include "tablet/keys.h"
#include "tablet/tablet.h"

namespace logstore {

struct key_view_options {
    /// Of the database; its parent exists.
    std::string directory;
    std::int32_t partition_count = 1;
    /// How long a read waits for what was acknowledged before it.
    env::duration wait_max = std::chrono::seconds(5);
    /// Between two passes that take away the keys whose records have left the log. Reads know without it.
    env::duration sweep_interval = std::chrono::minutes(1);
    /// How long writes with conditions may pause before appends are no longer noted.
    env::duration conditions_kept = std::chrono::seconds(10);
    /// Of the keys under way while writes with conditions are decided.
    std::size_t overlay_bytes_max = std::size_t(16) << 20;
    /// Of one batch, decompressed.
    std::size_t decompressed_bytes_max = std::size_t(64) << 20;
};

/// Applies what is below the tablet's high watermark, in log order, and answers reads that see all of what was
/// acknowledged before they began. The view is what a fold of the log from its start offset gives; it is deleted and
/// built anew when it is damaged or the log no longer reaches it. One shard; the tablet outlives it. run() is the only
/// one that changes the database; every other call may overlap with all others.
class key_view {
  public:
    key_view(env::environment world, const kv::view_resources& resources, tablet& of, key_view_options options);
    ~key_view();

    /// Opens the view and follows the log until stop(); then what is applied is flushed, and the database closed. Once.
    env::task<> run();
    /// Waiting calls end with stopping, and run() soon.
    void stop();
    bool has_ended() const { return has_ended_; }
    const std::string& directory() const { return options_.directory; }

    /// The topic has grown.
    void set_partition_count(std::int32_t count);

    env::task<key_read_outcome> read(key_read_request request);
    env::task<key_scan_outcome> scan(key_scan_request request);
    /// Keys with a value, exactly.
    env::task<key_count_outcome> count();
    key_view_status status() const;

    /// Up to where the log start may go: what is applied is flushed first. No limit while the view cannot be opened.
    env::task<offset> log_start_limit();

    // For writes by key.

    /// Ok when everything below `up_to` is in the view.
    env::task<tablet_errc> wait_until_applied(next_offset up_to);
    /// The record before the one at `at` of the same key is wanted; told before that one is applied. `into` stays until
    /// then or forget_expected().
    void expect(offset at, bool with_bytes, kv::previous_record* into);
    void forget_expected(offset at) { expected_.erase(at); }

    /// Completes with ok when find_latest() knows every key; from then on note_appended is told of every append.
    env::task<tablet_errc> begin_conditions();
    bool notes_appends() const { return noted_from_.has_value(); }
    /// A batch took its place in the log.
    void note_appended(bytes_view batch, offset base_offset);

    /// While one lives, what find_latest() or ask() said of a key stays right unless find_latest() says otherwise:
    /// appends noted meanwhile are not forgotten. When the generation changes, nothing said before counts.
    class decision {
      public:
        explicit decision(key_view& view) : view_(view) { ++view_.decisions_; }
        ~decision() { --view_.decisions_; }
        decision(const decision&) = delete;
        decision& operator=(const decision&) = delete;

      private:
        key_view& view_;
    };
    std::uint64_t generation() const { return generation_; }

    struct latest_record {
        bool has_value = false;
        offset at{-1};
        byte_vector stored;
        /// What was looked at is durable and in the view when all below this is.
        next_offset seen_up_to{0};
    };
    using stored_bytes = std::optional<byte_vector>;
    /// By everything that is in the log now. `asked` is what ask() said of the key, if it was asked; else fails with
    /// would_block where the disk has to be. REQUIRES: is_deciding().
    result<latest_record> find_latest(bytes_view key, const std::optional<stored_bytes>& asked) const;
    bool is_deciding() const { return noted_from_ && db_ && applied_ >= *noted_from_; }
    /// Asks the disk.
    env::task<result<stored_bytes>> ask(byte_vector key);
    /// What a failed read is answered with; a damaged view is built anew.
    tablet_errc code_of(const error& why);

  private:
    class watcher;
    using database = std::shared_ptr<kv::view_database>;

    env::task<> open();
    env::task<> close_database();
    env::task<> rebuild();
    /// A change failed: the database is opened again later, or when it is damaged built anew.
    env::task<> give_up(error why);
    /// After a change: true when run() may go on.
    bool accept(const result<>& done);
    env::task<bool> follow();
    struct piece {
        bytes_view bytes;
        std::shared_ptr<const void> owner;
    };
    static piece joined(tablet_read read);
    env::task<result<>> apply(piece what);
    void deliver(const kv::change_list& list, std::span<kv::previous_record> previous);
    env::task<> keep_house();
    void take_state();
    bool has_house_work() const;
    bool is_sweep_due() const;
    void stop_noting_when_idle();
    void forget_noted();
    void tell_waiters() { changed_.tell(); }
    void arm_tick();
    void watch();

    env::environment world_;
    const kv::view_resources& resources_;
    tablet& tablet_;
    const key_view_options options_;
    std::shared_ptr<watcher> watcher_;
    database db_;
    // Copies of what the database says, taken when no worker changes it.
    kv::view_state state_;
    next_offset applied_{0};
    std::optional<next_offset> flushed_;
    /// Why the view cannot go on for now; ok otherwise.
    tablet_errc blocked_ = tablet_errc::ok;
    bool is_damaged_ = false;
    bool is_stopping_ = false;
    bool has_ended_ = false;
    bool wants_flush_ = false;
    std::uint64_t flushes_ = 0;
    bool wants_sweep_ = false;
    std::int32_t partition_count_;
    env::monotonic_time last_sweep_;
    std::optional<env::monotonic_time> retry_at_;
    std::uint64_t unreadable_batches_ = 0;

    struct expectation {
        bool with_bytes;
        kv::previous_record* into;
    };
    std::unordered_map<offset, expectation> expected_;

    key_overlay overlay_;
    std::uint32_t decisions_ = 0;
    std::uint64_t generation_ = 0;
    std::optional<next_offset> noted_from_;
    env::monotonic_time conditions_end_;

    env::wake_up wake_;
    env::change_signal changed_;
    std::optional<env::timer_id> tick_;
};

}  // namespace logstore
