// Moving the log start by request: what readers see at once and after every kind of end.
#include <gtest/gtest.h>

#include "env/gate.h"
#include "log/journal_reader.h"
#include "shard/shard.h"
#include "shard/testing/shard_rig.h"
#include "shard/testing/stored_segments.h"

namespace logstore {
namespace {

constexpr std::int32_t records_each = 3;

class shard_log_start : public ::testing::Test {
  protected:
    shard_log_start() {
        topic_.id = topic_id::from_random_bits(1, 1);
        topic_.name = "t";
        topic_.partitions = 4;
        topic_.settings.log.segment_bytes = 4 * 1024;
        topic_.settings.log.retention_ms = -1;
        options_.shards = 2;
    }
    void start() {
        rig_ = std::make_unique<shard_rig>(world_, boot_number(++boot_), options_);
        const auto started = world_.run(rig_->start({topic_}));
        ASSERT_TRUE(started) << started.error().message();
    }
    void kill() {
        world_.kill(1);
        rig_->abandon();
    }
    void cut_power() {
        world_.crash(1);
        rig_->abandon();
    }
    void stop() { ASSERT_TRUE(world_.run(rig_->stop())); }
    tablet_id tablet(std::int32_t index = 0) const { return {topic_.id, partition_id(index)}; }
    /// Batches of three records.
    void append(std::int32_t batches, std::int32_t partition = 0) {
        for (std::int32_t i = 0; i < batches; ++i)
            ASSERT_EQ(world_.run(rig_->append(tablet(partition), make_test_batch(900, records_each))).code, tablet_errc::ok);
    }
    log_start_outcome move(std::optional<std::int64_t> to, std::int32_t partition = 0) {
        log_start_request request;
        request.tablet = tablet(partition);
        if (to) request.to = offset(*to);
        return world_.run(rig_->at(0).move_log_start(request));
    }
    std::int64_t earliest(std::int32_t partition = 0) {
        list_offset_request request;
        request.tablet = tablet(partition);
        request.query = offset_query::earliest;
        return world_.run(rig_->at(0).list_offset(request)).found_offset;
    }
    read_outcome read(std::int64_t from, std::int32_t partition = 0) {
        read_request request;
        request.tablet = tablet(partition);
        request.from = offset(from);
        request.bytes_max = 100'000;
        return world_.run(rig_->at(0).read(request));
    }
    epoch_end epoch_end_of(int wanted) {
        epoch_end_request request;
        request.tablet = tablet();
        request.wanted = leader_epoch(wanted);
        const auto outcome = world_.run(rig_->at(0).find_epoch_end(request));
        EXPECT_EQ(outcome.code, tablet_errc::ok);
        return outcome.end;
    }
    /// Everything from `start` to `end` is there, and nothing else.
    void expect_log(std::int64_t start, std::int64_t end) {
        EXPECT_EQ(earliest(), start);
        const auto all = world_.run(rig_->read_all(tablet()));
        ASSERT_TRUE(all) << all.error().message();
        std::int64_t next = start;
        bytes_view rest(*all);
        while (!rest.empty()) {
            const auto header = read_record_batch_header(rest);
            EXPECT_LE(header->base_offset, offset(next));
            EXPECT_GE(header->last_offset(), offset(next));
            next = header->next().value();
            rest = rest.subspan(header->size_bytes());
        }
        EXPECT_EQ(next, end);
        EXPECT_EQ(read(start - 1).code, tablet_errc::offset_out_of_range);
    }

    env::sim_world world_{11, 2};
    hosted_topic topic_;
    shard_rig::options options_;
    std::unique_ptr<shard_rig> rig_;
    int boot_ = 0;
};

TEST_F(shard_log_start, what_lies_below_is_refused_at_once_and_after_every_end) {
    start();
    append(10);
    const log_start_outcome moved = move(7);  // in the middle of a batch
    EXPECT_EQ(moved.code, tablet_errc::ok);
    EXPECT_EQ(moved.log_start, offset(7));
    expect_log(7, 30);
    kill();
    start();
    expect_log(7, 30);
    EXPECT_EQ(move(19).log_start, offset(19));
    cut_power();
    start();
    expect_log(19, 30);
    append(1);
    expect_log(19, 33);
    stop();
    start();
    expect_log(19, 33);
    stop();
}

TEST_F(shard_log_start, nothing_given_means_everything_and_the_log_goes_on_behind_it) {
    start();
    append(5);
    EXPECT_EQ(move(std::nullopt).log_start, offset(15));
    expect_log(15, 15);
    EXPECT_EQ(read(15).code, tablet_errc::ok);
    cut_power();
    start();
    expect_log(15, 15);
    append(2);
    expect_log(15, 21);
    kill();
    start();
    expect_log(15, 21);
    stop();
}

TEST_F(shard_log_start, an_empty_log_has_nothing_to_delete) {
    start();
    EXPECT_EQ(move(std::nullopt).log_start, offset(0));
    EXPECT_EQ(move(0).code, tablet_errc::ok);
    EXPECT_EQ(move(1).code, tablet_errc::offset_out_of_range);
    kill();
    start();
    EXPECT_EQ(earliest(), 0);
    append(1);
    expect_log(0, 3);
    stop();
}

TEST_F(shard_log_start, it_moves_forward_only_and_not_beyond_the_end) {
    start();
    append(4);
    EXPECT_EQ(move(6).log_start, offset(6));
    EXPECT_EQ(move(2).code, tablet_errc::ok);
    EXPECT_EQ(move(2).log_start, offset(6));
    EXPECT_EQ(move(13).code, tablet_errc::offset_out_of_range);
    EXPECT_EQ(move(-1).code, tablet_errc::offset_out_of_range);
    expect_log(6, 12);
    log_start_request unknown;
    unknown.tablet = tablet(4);
    EXPECT_EQ(world_.run(rig_->at(0).move_log_start(unknown)).code, tablet_errc::unknown_tablet);
    stop();
    EXPECT_EQ(move(7).code, tablet_errc::stopping);
}

TEST_F(shard_log_start, tablets_of_every_shard_are_reached) {
    start();
    for (std::int32_t i = 0; i < topic_.partitions; ++i) {
        append(2, i);
        EXPECT_EQ(move(1 + i, i).log_start, offset(1 + i));
    }
    kill();
    start();
    for (std::int32_t i = 0; i < topic_.partitions; ++i) EXPECT_EQ(earliest(i), 1 + i);
    stop();
}

TEST_F(shard_log_start, whole_segments_give_their_room_back) {
    options_.tune = [](shard_options& made) {
        made.checkpoint_interval = std::chrono::milliseconds(200);
        made.retention_interval = std::chrono::milliseconds(300);
    };
    start();
    append(40);
    world_.advance(std::chrono::seconds(2));
    const std::size_t before = stored_segments(world_).size();
    ASSERT_GT(before, 5u);
    EXPECT_EQ(move(119).code, tablet_errc::ok);
    append(1);
    world_.advance(std::chrono::seconds(3));
    EXPECT_LE(stored_segments(world_).size(), 2u);
    expect_log(119, 123);
    cut_power();
    start();
    expect_log(119, 123);
    stop();
}

TEST_F(shard_log_start, lookups_by_time_see_only_what_is_left) {
    start();
    for (const std::int64_t time : {5000, 1000, 3000, 2000, 4000})
        ASSERT_EQ(world_.run(rig_->append(tablet(), make_test_batch(900, 1, time))).code, tablet_errc::ok);
    const auto find = [&](offset_query query, std::int64_t time) {
        list_offset_request request;
        request.tablet = tablet();
        request.query = query;
        request.timestamp = timestamp_ms(time);
        return world_.run(rig_->at(0).list_offset(request)).found_offset;
    };
    EXPECT_EQ(find(offset_query::by_timestamp, 2500), 0);
    EXPECT_EQ(find(offset_query::max_timestamp, 0), 0);
    EXPECT_EQ(move(1).code, tablet_errc::ok);
    EXPECT_EQ(find(offset_query::by_timestamp, 2500), 2);
    EXPECT_EQ(find(offset_query::max_timestamp, 0), 4);
    EXPECT_EQ(move(3).code, tablet_errc::ok);
    for (int life = 0; life < 2; ++life) {
        EXPECT_EQ(find(offset_query::by_timestamp, 0), 3);
        EXPECT_EQ(find(offset_query::by_timestamp, 2500), 4);
        EXPECT_EQ(find(offset_query::max_timestamp, 0), 4);
        EXPECT_EQ(find(offset_query::by_timestamp, 4500), -1);
        stop();
        start();
    }
    EXPECT_EQ(move(std::nullopt).code, tablet_errc::ok);
    EXPECT_EQ(find(offset_query::by_timestamp, 0), -1);
    EXPECT_EQ(find(offset_query::max_timestamp, 0), -1);
    stop();
}

TEST_F(shard_log_start, epochs_end_where_they_did) {
    start();
    append(2);  // epoch 1: 0 to 5
    stop();
    start();
    append(2);  // epoch 2: 6 to 11
    kill();
    start();
    append(1);  // epoch 3: 12 to 14
    EXPECT_EQ(move(8).code, tablet_errc::ok);
    for (int life = 0; life < 2; ++life) {
        EXPECT_EQ(epoch_end_of(2), (epoch_end{leader_epoch(2), next_offset(12)}));
        // As in Kafka: an epoch before the first that is known ends where that one begins.
        EXPECT_EQ(epoch_end_of(1).end, next_offset(8));
        EXPECT_EQ(epoch_end_of(3), (epoch_end{leader_epoch(3), next_offset(15)}));
        cut_power();
        start();
    }
    EXPECT_EQ(move(std::nullopt).code, tablet_errc::ok);
    EXPECT_EQ(epoch_end_of(2).end, next_offset(15));
    kill();
    start();
    EXPECT_EQ(epoch_end_of(2).end, next_offset(15));
    append(1);
    EXPECT_EQ(epoch_end_of(3).end, next_offset(15));
    EXPECT_EQ(epoch_end_of(boot_), (epoch_end{leader_epoch(boot_), next_offset(18)}));
    stop();
}

env::task<> move_one(shard_rig* rig, log_start_request request, std::size_t* done) {
    const log_start_outcome moved = co_await rig->at(0).move_log_start(request);
    if (moved.code == tablet_errc::ok && moved.log_start >= *request.to) ++*done;
}

env::task<> move_many(shard_rig* rig, tablet_id tablet, std::size_t* done) {
    env::gate together;
    for (std::int64_t to = 29; to > 0; --to) {
        log_start_request request;
        request.tablet = tablet;
        request.to = offset(to);
        env::spawn(together, move_one(rig, request, done));
    }
    co_await together.close();
}

TEST_F(shard_log_start, calls_that_overlap_end_at_the_furthest) {
    start();
    append(10);
    std::size_t done = 0;
    world_.run(move_many(rig_.get(), tablet(), &done));
    EXPECT_EQ(done, 29u);
    expect_log(29, 30);
    cut_power();
    start();
    expect_log(29, 30);
    stop();
}

/// In all journal files, those of groups that are not needed any more among them.
env::task<std::size_t> journal_entries(env::file_system* files, journal_entry_kind kind) {
    std::size_t count = 0;
    const auto names = co_await list_journal_files(files, "/data/journal");
    for (const journal_file_name& name : *names) {
        const auto groups = co_await scan_journal_file(files, name.path, 0);
        const auto opened = co_await files->open(name.path, env::open_options::read_only().directly());
        for (const found_group& group : *groups) {
            if (!group.payload_holds) continue;
            const auto payload = co_await read_journal_payload(opened->get(), group);
            journal_entry_cursor cursor(*payload);
            while (!cursor.at_end()) count += cursor.next()->header.kind == kind ? 1 : 0;
        }
    }
    co_return count;
}

TEST_F(shard_log_start, a_call_that_waited_for_room_moves_nothing_of_a_topic_that_went_meanwhile) {
    options_.shards = 1;
    start();
    for (int round = 1; round <= 3; ++round) {
        shard& owner = rig_->at(0);
        append(2);
        // No checkpoint ends, and the journal is full.
        world_.disk().hold(env::sim_disk_operations(env::sim_disk_operation_kind::flush, ".points.new"));
        while (owner.appends().has_room(2000, owner.storage().images_owed + 1)) append(1);
        log_start_request request;
        request.tablet = tablet();
        request.to = offset(4);
        auto moving = world_.start(owner.move_log_start(request));
        world_.advance(std::chrono::milliseconds(7 + round));
        ASSERT_FALSE(moving.done());
        auto deleting = world_.start(owner.remove_topics_except(std::make_shared<const std::vector<hosted_topic>>()));
        world_.disk().release();
        ASSERT_TRUE(world_.run_until([&] { return moving.done() && deleting.done(); }));
        EXPECT_EQ(moving.take().code, tablet_errc::unknown_tablet);
        EXPECT_TRUE(deleting.take());
        EXPECT_EQ(world_.run(journal_entries(&world_.shard(0).files, journal_entry_kind::log_start)), 0u);
        EXPECT_GT(world_.run(journal_entries(&world_.shard(0).files, journal_entry_kind::deleted)), 0u);
        topic_.id = topic_id::from_random_bits(1, static_cast<std::uint64_t>(round) + 1);
        const std::vector<hosted_topic> topics{topic_};
        ASSERT_TRUE(world_.run(owner.set_topics(std::make_shared<const std::vector<hosted_topic>>(topics), nullptr)));
    }
    stop();
}

}  // namespace
}  // namespace logstore
