// A store that lives through faults of its disk, and the ledger that judges it. For tests.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster/errc.h"
#include "cluster/testing/scratch_directory.h"
#include "env/gate.h"
#include "shard/testing/record_ledger.h"
#include "shard/testing/shard_rig.h"
#include "shard/testing/stored_segments.h"

namespace logstore {

/// One simulated machine and one process after another on it. What begins with a plain verb and returns
/// nothing is for the body of a test and must succeed; tasks are for operations under faults and go on as far
/// as the store lets them. The first thing that breaks a rule is kept in finding().
class faulted_store {
  public:
    explicit faulted_store(std::uint64_t seed, std::uint32_t shards) : world(seed, shards) {
        options.shards = shards;
        options.journal_file_bytes = 32 * 1024;
        options.pinned_bytes_max = 64 * 1024;
        // Nothing happens by the clock but what a scenario asks for.
        tune([](shard_options& made) {
            made.settle_after = std::chrono::hours(1);
            made.checkpoint_interval = std::chrono::hours(1);
            made.retention_interval = std::chrono::hours(1);
        });
        add_topic("a", 2);
    }
    faulted_store(const faulted_store&) = delete;
    faulted_store& operator=(const faulted_store&) = delete;

    // ---- what a scenario shapes before the first start

    void tune(std::function<void(shard_options&)> more) {
        options.tune = [before = options.tune, more = std::move(more)](shard_options& made) {
            if (before) before(made);
            more(made);
        };
    }
    hosted_topic& add_topic(std::string name, std::int32_t partitions) {
        const std::uint64_t bits = ++topics_made_;
        hosted_topic topic;
        topic.id = topic_id::from_random_bits(bits, bits);
        topic.name = std::move(name);
        topic.partitions = partitions;
        topic.settings.log.segment_bytes = 16 * 1024;
        topic.settings.log.retention_ms = -1;
        topics.push_back(topic);
        return topics.back();
    }

    // ---- lives, from the body of a test

    void start() {
        auto started = world.run(start_somehow());
        CHECK(started, "start: {}", started.error().message());
    }
    void stop() {
        auto stopped = world.run(stop_somehow());
        CHECK(stopped, "stop: {}", stopped.error().message());
        rig.reset();
    }
    void kill() {
        world.kill(1);
        bury_process();
    }
    void append(std::size_t count, std::size_t bytes) { world.run(append_each(count, bytes)); }
    /// The process ends without a word; then its objects can go.
    void bury_process() {
        if (rig) rig->abandon();
        rig.reset();
        is_up_ = false;
    }

    // ---- operations

    /// From the first start on it is a whole store, in a directory of its own for the metadata, without
    /// topics.
    void keep_metadata() {
        // In memory where that can be had: what RocksDB flushes there is no part of the test, and takes most
        // of its time.
        const std::filesystem::path memory = "/dev/shm";
        std::error_code ignored;
        scratch_ = std::filesystem::is_directory(memory, ignored)
                       ? std::make_unique<cluster::scratch_directory>(memory)
                       : std::make_unique<cluster::scratch_directory>();
        CHECK(std::filesystem::create_directory(scratch_->child("store")));
        options.store_dir = scratch_->child("store");
        options.topic_defaults.segment_bytes = 16 * 1024;
        options.topic_defaults.retention_ms = -1;
        topics.clear();
    }

    /// A new process. Its error is no finding: a start under faults may fail.
    env::task<result<>> start_somehow() {
        if (is_dead) co_return fail(std::make_error_code(std::errc::no_such_device), "the power is off");
        CHECK(!is_up_);
        rig = std::make_unique<shard_rig>(world, boot_number(++boot_), options);
        auto started = co_await rig->start(topics);
        is_up_ = started.has_value();
        if (is_up_ && has_metadata()) {
            learn_topics();
            for (const hosted_topic& topic : topics) created_.insert(topic.id);
            for (const hosted_topic& topic : topics) doubtful_.erase(topic.id);
        }
        co_return started;
    }
    env::task<result<>> stop_somehow() {
        is_up_ = false;
        co_return co_await rig->stop();
    }
    /// One batch; waits for its outcome, and tries lack of space a few times.
    env::task<append_outcome> append_to(tablet_id tablet, std::size_t bytes) {
        append_outcome told;
        for (int tries = 0; tries < 5; ++tries) {
            byte_vector batch = ledger.make_batch(tablet, bytes);
            const record_ledger::number which = record_ledger::number_of(batch);
            told = co_await rig->append(tablet, std::move(batch));
            ledger.note(which, told);
            if (told.code != tablet_errc::storage_unavailable) break;
            co_await env::sleep(world.loop(), std::chrono::milliseconds(700));
        }
        co_return told;
    }
    /// `count` batches of about that size, one after another over all tablets; ends early when the store has
    /// failed.
    env::task<> append_each(std::size_t count, std::size_t bytes) {
        for (std::size_t i = 0; i < count && rig->fatal().empty() && !is_dead; ++i) {
            const tablet_id tablet = nth_tablet(i);
            const std::size_t size = bytes / 2 + sizes_.next() % bytes;
            co_await append_to(tablet, std::max(size, record_batch_header_bytes));
        }
    }
    /// The same, all at once, with a reader beside them: what it sees must stay.
    env::task<> append_together(std::size_t count, std::size_t bytes) {
        env::gate all;
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t size = bytes / 2 + sizes_.next() % bytes;
            env::spawn(all, append_one(nth_tablet(i), std::max(size, record_batch_header_bytes)));
        }
        for (int i = 0; i < 3; ++i) {
            co_await env::sleep(world.loop(), std::chrono::microseconds(60));
            co_await compare(true, false);
        }
        co_await all.close();
    }
    /// Without metadata, what it would say, in its order: the topic is gone, then its tablets are. One shard
    /// only, then.
    env::task<result<>> delete_topic(std::string name) {
        const auto at = std::ranges::find(topics, name, &hosted_topic::name);
        if (at == topics.end()) co_return fail(cluster::errc::unknown_topic);
        const topic_id gone = at->id;
        topics.erase(at);
        if (!has_metadata()) {
            ledger.note_deleted(gone);
            co_return co_await publish_topics();
        }
        created_.erase(gone);
        doubtful_.insert(gone);
        auto deleted = co_await rig->whole_store()->delete_topic(&rig->at(0), gone);
        if (!deleted) co_return std::unexpected(deleted.error());
        note_deleted(gone);
        co_return result<>{};
    }
    env::task<result<>> create_topic(std::string name, std::int32_t partitions) {
        if (!has_metadata()) {
            add_topic(std::move(name), partitions);
            co_return co_await publish_topics();
        }
        cluster::new_topic wanted;
        wanted.name = name;
        wanted.partition_count = partitions;
        auto created = co_await rig->whole_store()->create_topic(&rig->at(0), wanted);
        if (!created) co_return std::unexpected(created.error());
        created_.insert(created->id);
        learn_topics();
        co_return result<>{};
    }
    /// Everything of that tablet but its last `records_left` records.
    env::task<log_start_outcome> delete_records(tablet_id tablet, std::int64_t records_left) {
        list_offset_request latest;
        latest.tablet = tablet;
        const auto end = co_await rig->at(0).list_offset(latest);
        log_start_request request;
        request.tablet = tablet;
        request.to = offset(std::max<std::int64_t>(0, end.found_offset - records_left));
        log_start_outcome moved;
        if (end.code == tablet_errc::ok)
            moved = co_await rig->at(0).move_log_start(request);
        else
            moved.code = end.code;
        if (moved.code == tablet_errc::ok) ledger.note_log_start(tablet, moved.log_start);
        co_return moved;
    }
    /// Of a whole store.
    env::task<result<>> add_partitions(std::string name, std::int32_t count) {
        auto grown = co_await rig->whole_store()->add_partitions(&rig->at(0), std::move(name), count, false);
        if (!grown) co_return std::unexpected(grown.error());
        partitions_told_[grown->id] = grown->partition_count;
        learn_topics();
        co_return result<>{};
    }
    env::task<> wait(env::duration how_long) { co_await env::sleep(world.loop(), how_long); }

    /// Reads everything of every tablet and compares. A read that ends in an error is a finding only without
    /// faults.
    env::task<> compare(bool with_errors, bool is_final) {
        for (const tablet_id& tablet : tablets()) {
            if (!finding_.empty()) co_return;
            list_offset_request earliest;
            earliest.tablet = tablet;
            earliest.query = offset_query::earliest;
            const auto start = co_await rig->at(0).list_offset(earliest);
            auto read = co_await rig->read_all(tablet);
            // Retention may move the start meanwhile.
            if (!read && read.error().code == tablet_errc::offset_out_of_range && !is_final) continue;
            if (start.code != tablet_errc::ok || !read) {
                if (!with_errors)
                    note("reading ends in an error: " + (read ? "of its start" : read.error().message()));
                continue;
            }
            const auto first = read_record_batch_header(*read);
            const offset log_start =
                std::max(offset(start.found_offset), first ? first->base_offset : offset(0));
            note(ledger.compare(tablet, is_final ? offset(start.found_offset) : log_start, *read, is_final));
        }
    }

    // ---- what it is

    bool has_metadata() const { return !options.store_dir.empty(); }
    std::string logs_folder() const { return (has_metadata() ? options.store_dir : "/data") + "/logs"; }
    std::vector<tablet_id> tablets() const {
        std::vector<tablet_id> all;
        for (const hosted_topic& topic : topics)
            for (std::int32_t partition = 0; partition < topic.partitions; ++partition)
                all.push_back({topic.id, partition_id(partition)});
        return all;
    }
    tablet_id nth_tablet(std::size_t n) const {
        const auto all = tablets();
        return all[n % all.size()];
    }
    void note(const std::string& finding) {
        if (finding_.empty()) finding_ = finding;
    }
    const std::string& finding() const { return finding_; }
    /// It was started and not stopped, and takes appends unless it has failed.
    bool is_up() const { return is_up_; }
    bool has_failed() const { return rig && !rig->fatal().empty(); }

    env::sim_world world;
    shard_rig::options options;
    std::vector<hosted_topic> topics;
    record_ledger ledger;
    std::unique_ptr<shard_rig> rig;
    /// The power has failed: what an operation still does happens to nobody.
    bool is_dead = false;

  private:
    void note_deleted(topic_id gone) {
        ledger.note_deleted(gone);
        doubtful_.erase(gone);
        deleted_.insert(gone);
    }
    /// What the metadata says, against what was told.
    void learn_topics() {
        topics.clear();
        std::set<topic_id> known;
        for (const cluster::topic_ptr& topic : rig->whole_store()->topics(shard_id(0))->topics()) {
            known.insert(topic->id);
            topics.push_back({topic->id, topic->name, topic->partition_count, {}});
            if (deleted_.contains(topic->id)) note("a deleted topic is there again: " + topic->name);
            if (topic->partition_count < partitions_told_[topic->id])
                note("partitions that were made are not there");
        }
        for (const topic_id& id : created_)
            if (!known.contains(id)) note("a topic that was made is not there");
        for (const topic_id& id : std::set<topic_id>(doubtful_))
            if (!known.contains(id)) note_deleted(id);
    }
    env::task<result<>> publish_topics() {
        const auto now = std::make_shared<const std::vector<hosted_topic>>(topics);
        auto removed = co_await rig->at(0).remove_topics_except(now);
        if (!removed) co_return removed;
        co_return co_await rig->at(0).set_topics(now, nullptr);
    }
    env::task<> append_one(tablet_id tablet, std::size_t bytes) {
        const append_outcome told = co_await append_to(tablet, bytes);
        (void)told;
    }

    std::unique_ptr<cluster::scratch_directory> scratch_;
    // With metadata: those that must be there, those whose deletion ended in an error, those that are gone
    // for ever.
    std::set<topic_id> created_;
    std::set<topic_id> doubtful_;
    std::set<topic_id> deleted_;
    std::map<topic_id, std::int32_t> partitions_told_;
    std::uint64_t topics_made_ = 0;
    int boot_ = 0;
    bool is_up_ = false;
    env::sim_random sizes_{7};
    std::string finding_;
};

}  // namespace logstore
