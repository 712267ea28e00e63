// One shard: a thread with its tablets, its journal and its share of the connections.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "env/environment.h"
#include "env/gate.h"
#include "shard/append_call.h"
#include "shard/call.h"
#include "shard/data_wait.h"
#include "shard/lack_of_space.h"
#include "shard/log_start.h"
#include "shard/read.h"
#include "shard/shard_figures.h"
#include "shard/tablet_size.h"
#include "tablet/key_view.h"

namespace logstore {

/// Limits and times of one shard. Bytes are bytes; every one is settable (config/).
struct shard_options {
    std::string journal_folder;
    std::string recovery_folder;
    std::string logs_folder;
    /// Of the key views; without resources no topic keeps one.
    std::string views_folder;
    std::shared_ptr<const kv::view_resources> views;
    std::uint64_t journal_file_bytes = std::uint64_t(64) << 20;
    std::uint32_t journal_files = 4;
    /// Bytes only memory and the journal hold; above, appends wait.
    std::uint64_t pinned_bytes_max = std::uint64_t(64) << 20;
    std::uint64_t tail_cache_bytes_max = std::uint64_t(64) << 20;
    std::size_t index_cache_bytes_max = std::size_t(16) << 20;
    std::size_t open_files_max = 1024;
    env::duration checkpoint_interval = std::chrono::seconds(10);
    env::duration settle_after = std::chrono::seconds(5);
    env::duration retention_interval = std::chrono::minutes(5);
    /// Appends are refused while the file system has less than this free.
    std::uint64_t reserve_bytes = std::uint64_t(512) << 20;
    boot_number boot;
};

/// A topic whose partitions the shards host.
struct hosted_topic {
    topic_id id;
    std::string name;
    std::int32_t partitions = 0;
    tablet_settings settings;
};

/// Told of what ends the process: a failed write leaves the disk's contents unknown, and only a restart finds out.
using fatal_handler = std::move_only_function<void(error)>;

/// Owns the tablets that fall to it and runs their single writers: appends are collected in the journal's group, made durable
/// together and answered together. Every function belongs to the shard's thread. Appends to one tablet are ordered as the
/// calls arrive; nothing on the append path waits for another shard or takes a lock.
class shard final : public journal_listener {
  public:
    shard(env::environment world, shard_id id, shard_options options, fatal_handler on_fatal);
    ~shard() override;

    /// All shards of the process, this one included, in order. Before open().
    void set_peers(std::vector<shard*> peers) { peers_ = std::move(peers); }
    /// Makes the journal and starts the background work. Tablets come with set_topics.
    env::task<result<>> open(journal_sequence first, std::uint64_t journal_salt);
    /// Refuses new appends, finishes those in flight, writes everything to the segments, records recovery points.
    env::task<result<>> stop();

    env::environment& world() { return world_; }
    shard_id id() const { return id_; }
    env::gate& work() { return work_; }
    /// For calls that must run while work() is being closed: stop().
    env::gate& control() { return control_; }
    bool is_stopping() const { return is_stopping_; }

    /// Which shard owns a tablet. The same on every shard of a process.
    shard& owner_of(const tablet_id& tablet) const;
    bool is_local(const tablet_id& tablet) const { return &owner_of(tablet) == this; }

    /// Closes the tablets of topics that are gone and renames their directories away. With several shards, done on all of them
    /// before set_topics on any: a recreated topic's tablet may fall to another shard and takes the same directory name.
    env::task<result<>> remove_topics_except(std::shared_ptr<const std::vector<hosted_topic>> topics);
    /// The topics as they are now: missing tablets are made, those of topics that are gone are closed and their directories
    /// renamed away. `found` has what recovery knows of tablets (only at the start). Complete when appends to the new ones
    /// work and the old ones are gone from disk by name.
    env::task<result<>> set_topics(std::shared_ptr<const std::vector<hosted_topic>> topics,
                                   std::shared_ptr<const std::unordered_map<tablet_id, recovery_point>> found);
    /// Some topics as they are now: missing tablets are made. The others stay as they were.
    env::task<result<>> add_topics(std::shared_ptr<const std::vector<hosted_topic>> topics,
                                   std::shared_ptr<const std::unordered_map<tablet_id, recovery_point>> found);

    void append(append_call& call);
    void after_burst(burst_listener& listener);
    env::task<read_outcome> read(read_request request);
    env::task<> wait_for_data(std::vector<seen_tablet> seen, env::monotonic_time until, wait_signal* cancel);
    env::task<list_offset_outcome> list_offset(list_offset_request request);
    env::task<epoch_end_outcome> find_epoch_end(epoch_end_request request);
    /// Durable when it completes with ok.
    env::task<log_start_outcome> move_log_start(log_start_request request);
    // By key (shard/broker.h).
    env::task<key_read_outcome> read_keys(key_read_request request);
    env::task<key_scan_outcome> scan_keys(key_scan_request request);
    env::task<key_write_outcome> write_keys(key_write_request request);
    env::task<key_count_outcome> count_keys(key_view_request request);
    env::task<key_view_status> key_view_of(key_view_request request);
    /// One of each, in the order asked, of tablets of any shard.
    env::task<std::vector<tablet_size>> sizes(std::vector<tablet_id> tablets);
    /// Of the file system that holds the tablets.
    env::task<result<env::file_system_space>> space() { return world_.files.space(context_.folder); }

    /// What this shard knows of its storage, for figures and tests.
    const log_context& storage() const { return context_; }
    const journal& appends() const { return journal_; }
    std::size_t tablet_count() const { return tablets_.size(); }
    shard_figures figures() const;

    void on_group_durable(journal_sequence durable) override;
    void on_journal_failed(error why) override;

  private:
    friend class append_call;
    friend class checkpointer;

    struct hosted {
        explicit hosted(env::executor& loop) : key_turn(loop) {}
        std::unique_ptr<tablet> replica;
        std::unique_ptr<key_view> view;  // where the topic keeps one
        std::uint32_t view_uses = 0;     // coroutines that hold the view over a suspension
        env::turn key_turn;              // of writes by key, until they have their place in the log
        bool is_dirty = false;    // in dirty_: needs the journal
        bool is_writing = false;  // a write behind is under way
        std::uint32_t uses = 0;   // coroutines that hold it over a suspension
    };
    struct pending_append {
        hosted* target;
        append_call* call;
        placed_append placed;
    };
    struct waiting_append {
        append_call* call;
        byte_vector kept;  // the batch, when its bytes were valid only during the call
    };

    void append_here(append_call& call);
    bool has_room(std::size_t batch_bytes) const;
    /// A larger batch could never be admitted.
    std::uint64_t batch_bytes_max(const tablet& replica) const;
    void append_now(append_call& call, hosted& target, const record_batch_header& header);
    void admit_waiting();
    void finish(append_call& call, append_outcome outcome);
    void refuse(append_call& call, tablet_errc why);
    void run_refused();
    void schedule_write_behind(hosted& target);
    env::task<> write_behind(hosted* target);
    hosted* find(const tablet_id& tablet);
    /// Has the tablet's own shard answer by `here`; stopping when that one takes no calls any more.
    template <class Outcome, class Request>
    env::task<Outcome> at_owner(Request request, env::task<Outcome> (shard::*here)(Request));
    /// Starts or ends the view as the tablet's settings say.
    env::task<> set_view(hosted* target);
    env::task<> remove_view(std::unique_ptr<key_view> gone);
    std::string view_directory(const tablet_id& id) const;
    /// How far the log start may go by itself, and whether it may go to `to` now (a client's wish).
    env::task<offset> retention_limit(hosted* target);
    env::task<tablet_errc> bring_view_to(hosted* target, offset to);
    tablet_errc find_view(const tablet_id& id, hosted** found);
    env::task<key_read_outcome> read_keys_here(key_read_request request);
    env::task<key_scan_outcome> scan_keys_here(key_scan_request request);
    env::task<key_write_outcome> write_keys_here(key_write_request request);
    /// Leaves in `bytes` the batch of what happens, and room for it; nothing suspends after that.
    env::task<tablet_errc> decide_writes(hosted* target, class key_batch* batch, byte_vector* bytes);
    env::task<key_write_outcome> write_keys_of(hosted* target, key_write_request request);
    env::task<key_count_outcome> count_keys_here(key_view_request request);
    env::task<key_view_status> key_view_here(key_view_request request);
    env::task<read_outcome> read_here(read_request request);
    env::task<list_offset_outcome> list_offset_here(list_offset_request request);
    env::task<epoch_end_outcome> find_epoch_end_here(epoch_end_request request);
    env::task<log_start_outcome> move_log_start_here(log_start_request request);
    env::task<tablet_errc> move_log_start_of(hosted* target, offset to);
    /// Ok when there is room for a journal entry of so much; why there will be none otherwise.
    env::task<tablet_errc> wait_for_room(const tablet* asking, std::size_t batch_bytes = 0);
    /// Somebody waits for the journal or memory to become free.
    bool is_awaiting_room() const { return !waiting_.empty() || room_waiters_ > 0; }
    /// The tablet is the answer's.
    env::task<> measure(tablet_size* answer);
    /// Of those that are local, in the order asked.
    env::task<std::vector<tablet_size>> sizes_here(std::shared_ptr<const std::vector<tablet_id>> tablets);
    void watch_here(const seen_tablet& seen, const std::shared_ptr<data_wait>& waiter);
    env::task<result<>> delete_tablet(tablet_id id);
    env::task<result<>> remove_hosted(std::unique_ptr<hosted> gone);
    /// True when the operation may go on; else the process is ending, or the disk is full and it is tried again later.
    bool accept_storage_result(const result<>& done);
    /// One line when an episode begins, however often it is told.
    void tell_no_space(std::string_view why);
    void fail_for_good(error why);

    env::environment world_;
    shard_id id_;
    shard_options options_;
    fatal_handler on_fatal_;
    journal journal_;
    std::uint64_t journal_salt_ = 0;
    log_context context_;
    std::vector<shard*> peers_;
    std::unordered_map<tablet_id, std::unique_ptr<hosted>> tablets_;
    std::vector<hosted*> dirty_;
    std::deque<pending_append> pending_;
    std::deque<waiting_append> waiting_;
    std::size_t room_waiters_ = 0;
    std::vector<append_call*> refused_;
    std::vector<burst_listener*> burst_listeners_;
    std::unique_ptr<class checkpointer> checkpointer_;
    shard_counters counters_;
    std::size_t write_behinds_ = 0;
    bool is_stopping_ = false;
    bool is_low_on_space_ = false;
    space_episode space_;
    space_episode descriptors_;  // there was none for a file
    bool has_failed_ = false;
    env::gate work_;
    env::gate control_;
};

template <class Outcome, class Request>
env::task<Outcome> shard::at_owner(Request request, env::task<Outcome> (shard::*here)(Request)) {
    shard& owner = owner_of(request.tablet);
    if (&owner == this) co_return co_await (this->*here)(std::move(request));
    auto remote = [&owner, here, &request] { return (owner.*here)(std::move(request)); };
    auto out = co_await call_on(world_.loop, owner.world_.loop, owner.work_, std::move(remote));
    if (out) co_return std::move(*out);
    Outcome stopped;
    stopped.code = tablet_errc::stopping;
    co_return stopped;
}

}  // namespace logstore
