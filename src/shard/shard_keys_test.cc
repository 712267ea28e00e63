// Reading and writing by key over whole shards: what is seen when, who wins, and what is left after every kind of end.
#include <map>

#include <gtest/gtest.h>

#include "env/gate.h"
#include "env/testing/sim_random.h"
#include "kafka/protocol/record.h"
#include "kv/view_resources.h"
#include "shard/testing/shard_rig.h"

namespace logstore {
namespace {

byte_vector bytes(std::string_view text) {
    const bytes_view view = bytes_of(text);
    return {view.begin(), view.end()};
}

struct keyed {
    std::string key;
    std::optional<std::string> value;
};

byte_vector batch_of(const std::vector<keyed>& records) {
    kafka::record_batch_builder builder;
    for (const keyed& one : records) {
        std::optional<bytes_view> value;
        if (one.value) value = bytes_of(*one.value);
        builder.append(timestamp_ms(1000), bytes_of(one.key), value);
    }
    return builder.finish();
}

class shard_keys : public ::testing::Test {
  protected:
    shard_keys() {
        topic_.id = topic_id::from_random_bits(1, 1);
        topic_.name = "t";
        topic_.partitions = 4;
        topic_.settings.log.segment_bytes = 4 * 1024;
        topic_.settings.log.retention_ms = -1;
        topic_.settings.keeps_key_view = true;
        topic_.settings.partition_count = 4;
        options_.shards = 2;
        options_.tune = [this](shard_options& made) {
            made.views = views_;
            made.views_folder = "/views";
        };
    }
    ~shard_keys() override {
        if (rig_) rig_->abandon();
    }
    void start() {
        rig_ = std::make_unique<shard_rig>(world_, boot_number(++boot_), options_);
        const auto started = world_.run(rig_->start({topic_}));
        ASSERT_TRUE(started) << started.error().message();
    }
    /// The views lose what they had not flushed, too.
    void kill() {
        world_.kill(1);
        rig_->abandon();
    }
    tablet_id tablet(std::int32_t index = 0) const { return {topic_.id, partition_id(index)}; }
    void append(const std::vector<keyed>& records, std::int32_t partition = 0) {
        ASSERT_EQ(world_.run(rig_->append(tablet(partition), batch_of(records))).code, tablet_errc::ok);
    }
    std::string get(std::string_view key, std::int32_t partition = 0) {
        key_read_request request;
        request.tablet = tablet(partition);
        request.keys.push_back(bytes(key));
        const auto read = world_.run(rig_->at(0).read_keys(std::move(request)));
        if (read.code != tablet_errc::ok) return "error " + std::to_string(static_cast<int>(read.code));
        return read.found[0] ? std::string(text_of(read.found[0]->value)) : "none";
    }
    static key_write write_of(std::string_view key, std::optional<std::string_view> value,
                              key_condition condition = key_condition::none) {
        key_write one;
        one.key = bytes(key);
        if (value) one.value = bytes(*value);
        one.condition = condition;
        return one;
    }
    key_write_outcome write(std::vector<key_write> writes, std::int32_t partition = 0, bool with_previous = false) {
        key_write_request request;
        request.tablet = tablet(partition);
        request.writes = std::move(writes);
        request.with_previous = with_previous;
        return world_.run(rig_->at(0).write_keys(std::move(request)));
    }
    std::map<std::string, std::string> scan(std::int32_t partition = 0) {
        key_scan_request request;
        request.tablet = tablet(partition);
        request.keys_max = 100'000;
        request.bytes_max = 100 << 20;
        std::map<std::string, std::string> all;
        const auto found = world_.run(rig_->at(0).scan_keys(std::move(request)));
        EXPECT_EQ(found.code, tablet_errc::ok);
        for (const auto& one : found.entries)
            all[std::string(text_of(one.key))] = std::string(text_of(one.record.value));
        return all;
    }
    std::uint64_t count(std::int32_t partition = 0) {
        const auto counted = world_.run(rig_->at(0).count_keys({tablet(partition)}));
        EXPECT_EQ(counted.code, tablet_errc::ok);
        return counted.count;
    }
    tablet_errc move_log_start(std::int64_t to, std::int32_t partition = 0) {
        log_start_request request;
        request.tablet = tablet(partition);
        request.to = offset(to);
        return world_.run(rig_->at(0).move_log_start(request)).code;
    }
    /// What reading the log from its start and keeping the latest of each key gives.
    std::map<std::string, std::string> fold(std::int32_t partition = 0) {
        std::map<std::string, std::string> all;
        list_offset_request earliest;
        earliest.tablet = tablet(partition);
        earliest.query = offset_query::earliest;
        const offset start(world_.run(rig_->at(0).list_offset(earliest)).found_offset);
        const auto log = world_.run(rig_->read_all(tablet(partition)));
        EXPECT_TRUE(log);
        for (bytes_view rest = *log; !rest.empty();) {
            const auto header = read_record_batch_header(rest);
            auto reader = kafka::record_reader::of_batch(rest);
            for (auto one = reader->next(); *one; one = reader->next()) {
                if (kafka::record_offset(*header, **one) < start) continue;
                const std::string key(text_of(*(*one)->key));
                if ((*one)->value) all[key] = std::string(text_of(*(*one)->value));
                else all.erase(key);
            }
            rest = rest.subspan(header->size_bytes());
        }
        return all;
    }

    env::sim_world world_{7, 2};
    std::shared_ptr<const kv::view_resources> views_ = kv::view_resources::in_memory(
        [] {
            kv::view_resources_options small;
            small.memory_bytes = 8 << 20;
            small.write_buffer_bytes = 1 << 20;
            small.stops_like_a_crash = true;
            return small;
        }());
    hosted_topic topic_;
    shard_rig::options options_;
    std::int32_t boot_ = 0;
    std::unique_ptr<shard_rig> rig_;
};

TEST_F(shard_keys, a_read_sees_what_was_acknowledged_before_it) {
    start();
    for (int i = 0; i < 20; ++i) {
        const std::int32_t partition = i % 4;
        append({{"a", std::to_string(i)}, {"b", "x"}}, partition);
        EXPECT_EQ(get("a", partition), std::to_string(i));
    }
    append({{"a", std::nullopt}});
    EXPECT_EQ(get("a"), "none");
    EXPECT_EQ(get("b"), "x");
    EXPECT_EQ(count(), 1u);
}

TEST_F(shard_keys, a_write_says_what_was_there_and_is_seen_by_the_next_read) {
    start();
    auto written = write({write_of("a", "1"), write_of("b", "2"), write_of("a", "3")}, 0, true);
    ASSERT_EQ(written.code, tablet_errc::ok);
    EXPECT_FALSE(written.results[0].had_value);
    EXPECT_TRUE(written.results[2].had_value);
    EXPECT_EQ(text_of(written.results[2].previous->value), "1");
    EXPECT_EQ(written.results[2].at, offset(2));
    EXPECT_EQ(get("a"), "3");
    written = write({write_of("a", std::nullopt), write_of("nothing", std::nullopt)});
    EXPECT_TRUE(written.results[0].is_written);
    EXPECT_FALSE(written.results[1].is_written);
    EXPECT_EQ(get("a"), "none");
    // Deleting nothing leaves nothing in the log.
    EXPECT_EQ(write({write_of("c", "1")}).results[0].at, offset(4));
}

TEST_F(shard_keys, conditions_hold_for_the_place_in_the_log_that_the_write_takes) {
    start();
    EXPECT_TRUE(write({write_of("a", "1", key_condition::absent)}).results[0].is_written);
    EXPECT_FALSE(write({write_of("a", "2", key_condition::absent)}).results[0].is_written);
    EXPECT_TRUE(write({write_of("a", "3", key_condition::present)}).results[0].is_written);
    EXPECT_FALSE(write({write_of("b", "1", key_condition::present)}).results[0].is_written);
    key_write at_offset = write_of("a", "4", key_condition::at_offset);
    at_offset.expected = offset(0);
    EXPECT_FALSE(write({at_offset}).results[0].is_written);
    at_offset.expected = offset(1);
    EXPECT_TRUE(write({at_offset}).results[0].is_written);
    EXPECT_EQ(get("a"), "4");
    EXPECT_EQ(get("b"), "none");
    // Within one request, too.
    const auto both = write({write_of("c", "1", key_condition::absent), write_of("c", "2", key_condition::absent)});
    EXPECT_TRUE(both.results[0].is_written);
    EXPECT_FALSE(both.results[1].is_written);
}

// Decided in the single writer: of many at once that want to be the first exactly one is, beside ordinary appends.
TEST_F(shard_keys, of_many_writers_at_once_that_want_to_be_the_first_one_is) {
    start();
    struct racer {
        static env::task<> run(shard* at, key_write_request request, int* winners, int* failures) {
            const auto written = co_await at->write_keys(std::move(request));
            if (written.code != tablet_errc::ok) ++*failures;
            else if (written.results[0].is_written) ++*winners;
        }
        static env::task<> append(shard_rig* rig, tablet_id to, byte_vector batch) {
            co_await rig->append(to, std::move(batch));
        }
    };
    for (int round = 0; round < 20; ++round) {
        const std::string key = "key " + std::to_string(round);
        int winners = 0;
        int failures = 0;
        env::gate racers;
        for (int i = 0; i < 30; ++i) {
            key_write_request request;
            request.tablet = tablet(round % 4);
            request.writes.push_back(write_of(key, std::to_string(i), key_condition::absent));
            env::spawn(racers, racer::run(&rig_->at(static_cast<std::uint32_t>(i % 2)), std::move(request), &winners, &failures));
            env::spawn(racers, racer::append(rig_.get(), tablet(round % 4), batch_of({{"other", "x"}})));
        }
        const auto ended = [](env::gate* gate) -> env::task<bool> {
            co_await gate->close();
            co_return true;
        };
        world_.run(ended(&racers));
        EXPECT_EQ(winners, 1) << "round " << round;
        EXPECT_EQ(failures, 0);
    }
}

// A pipeline is answered in its order, and has its effect in it: a delete has to look, a write without condition has not.
TEST_F(shard_keys, writes_of_one_caller_take_their_places_in_the_order_of_the_calls) {
    start();
    struct caller {
        static env::task<> run(shard* at, key_write_request request, key_write_outcome* into) {
            *into = co_await at->write_keys(std::move(request));
        }
    };
    for (std::uint32_t from = 0; from < 2; ++from) {
        append({{"a", "old"}});
        env::gate calls;
        std::vector<key_write_outcome> outcomes(3);
        const std::vector<key_write> writes{write_of("a", std::nullopt), write_of("a", "new"),
                                            write_of("a", "late", key_condition::absent)};
        for (std::size_t i = 0; i < writes.size(); ++i) {
            key_write_request request;
            request.tablet = tablet();
            request.writes.push_back(writes[i]);
            env::spawn(calls, caller::run(&rig_->at(from), std::move(request), &outcomes[i]));
        }
        const auto ended = [](env::gate* gate) -> env::task<bool> {
            co_await gate->close();
            co_return true;
        };
        world_.run(ended(&calls));
        EXPECT_TRUE(outcomes[0].results[0].is_written);
        EXPECT_FALSE(outcomes[1].results[0].had_value);
        EXPECT_FALSE(outcomes[2].results[0].is_written);
        EXPECT_EQ(get("a"), "new");
    }
}

TEST_F(shard_keys, a_crash_leaves_the_view_that_the_log_gives) {
    start();
    for (int i = 0; i < 50; ++i) append({{"key " + std::to_string(i % 7), std::to_string(i)}});
    kill();
    start();
    EXPECT_EQ(scan(), fold());
    EXPECT_EQ(get("key 0"), "49");
    EXPECT_EQ(count(), 7u);
}

// The key lives exactly as long as its record.
TEST_F(shard_keys, a_key_goes_with_its_record) {
    start();
    append({{"a", "1"}, {"b", "2"}});
    append({{"c", "3"}, {"a", "4"}});
    ASSERT_EQ(move_log_start(2), tablet_errc::ok);
    EXPECT_EQ(get("b"), "none");
    EXPECT_EQ(get("a"), "4");
    EXPECT_EQ(count(), 2u);
    EXPECT_EQ(scan(), fold());
    EXPECT_FALSE(write({write_of("b", "again")}).results[0].had_value);
    kill();
    start();
    EXPECT_EQ(scan(), fold());
    EXPECT_EQ(count(), 3u);
}

TEST_F(shard_keys, a_topic_without_a_view_says_so) {
    topic_.settings.keeps_key_view = false;
    start();
    append({{"a", "1"}});
    EXPECT_EQ(get("a"), "error " + std::to_string(static_cast<int>(tablet_errc::no_view)));
    EXPECT_EQ(write({write_of("a", "1")}).code, tablet_errc::no_view);
}

TEST_F(shard_keys, a_view_that_is_switched_on_later_has_what_the_log_has) {
    topic_.settings.keeps_key_view = false;
    start();
    for (int i = 0; i < 100; ++i) append({{"key " + std::to_string(i % 9), std::string(200, 'x') + std::to_string(i)}});
    topic_.settings.keeps_key_view = true;
    const auto topics = std::make_shared<const std::vector<hosted_topic>>(std::vector<hosted_topic>{topic_});
    for (std::uint32_t i = 0; i < 2; ++i) ASSERT_TRUE(world_.run(rig_->at(i).set_topics(topics, nullptr)));
    EXPECT_EQ(scan(), fold());
    EXPECT_EQ(count(), 9u);
}

// Random keys, deletes, conditions, log starts, kills: the view is always the fold of the log.
TEST_F(shard_keys, the_view_is_the_fold_of_the_log_after_random_histories) {
    env::sim_random random(20261123);
    start();
    for (int step = 0; step < 600; ++step) {
        const std::int32_t partition = static_cast<std::int32_t>(random.next() % 4);
        const std::string key = "key " + std::to_string(random.next() % 12);
        const std::uint64_t dice = random.next() % 100;
        if (dice < 50) {
            append({{key, std::to_string(step)}, {"key " + std::to_string(random.next() % 12), std::nullopt}}, partition);
        } else if (dice < 80) {
            const auto condition = static_cast<key_condition>(random.next() % 3);
            const std::string value = std::to_string(step);
            const std::optional<std::string_view> given = dice < 60 ? std::optional<std::string_view>() : value;
            const auto written = write({write_of(key, given, condition)}, partition);
            const key_view_status seen = world_.run(rig_->at(0).key_view_of({tablet(partition)}));
            ASSERT_EQ(written.code, tablet_errc::ok) << "step " << step << ": " << seen.applied.value() << " of "
                                                     << seen.high_watermark.value();
        } else if (dice < 90) {
            ASSERT_EQ(scan(partition), fold(partition)) << "step " << step;
            ASSERT_EQ(count(partition), fold(partition).size()) << "step " << step;
        } else if (dice < 96) {
            const key_view_status status = world_.run(rig_->at(0).key_view_of({tablet(partition)}));
            const std::int64_t start = status.log_start.value();
            const std::int64_t span = status.high_watermark.value() - start;
            if (span > 0)
                ASSERT_EQ(move_log_start(start + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(span) + 1)),
                                         partition),
                          tablet_errc::ok);
        } else {
            kill();
            start();
        }
    }
    for (std::int32_t partition = 0; partition < 4; ++partition) EXPECT_EQ(scan(partition), fold(partition));
}

}  // namespace
}  // namespace logstore
