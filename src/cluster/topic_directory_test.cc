#include <gmock/gmock.h>

#include "cluster/embedded_metadata_store.h"
#include "cluster/testing/scratch_directory.h"
#include "cluster/testing/topic_directory_fixture.h"

namespace logstore::cluster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(topic_directory_test, a_created_topic_is_in_the_image_when_it_is_answered) {
    const auto made = create("orders", 3, {{"retention.ms", " 5000 "}});
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_FALSE(made->id.is_none());
    const topic_ptr seen = directory->image()->find("orders");
    ASSERT_NE(seen, nullptr);
    EXPECT_EQ(seen->id, made->id);
    EXPECT_EQ(seen->partition_count, 3);
    EXPECT_EQ(seen->configs, (topic_configs{{"retention.ms", "5000"}}));
    EXPECT_EQ(seen->settings.retention_ms, 5000);
    EXPECT_EQ(seen->created, made->created);
    EXPECT_EQ(directory->image()->find(made->id), seen);
    EXPECT_EQ(directory->image()->partition_count(), 3);
}

TEST_F(topic_directory_test, topics_are_there_after_a_restart) {
    const topic_id kept = create("kept", 2)->id;
    const topic_id gone = create("gone", 4)->id;
    ASSERT_TRUE(remove("gone"));
    open();
    EXPECT_THAT(names(), ElementsAre("kept"));
    EXPECT_EQ(directory->image()->find("kept")->id, kept);
    EXPECT_EQ(directory->image()->find_deleted(gone)->partition_count, 4);
}

TEST_F(topic_directory_test, without_a_number_a_topic_has_the_default_number_of_partitions) {
    topic_directory_options options;
    options.partitions_default = 6;
    open(options);
    EXPECT_EQ(create("t")->partition_count, 6);
}

TEST_F(topic_directory_test, a_name_that_is_taken_illegal_or_collides_is_refused) {
    ASSERT_TRUE(create("a.b"));
    EXPECT_EQ(code_of(create("a.b")), errc::topic_exists);
    EXPECT_EQ(code_of(create("a_b")), errc::topic_name_collides);
    EXPECT_THAT(create("a_b").error().detail, HasSubstr("a.b"));
    for (const std::string& illegal : {std::string(), std::string("."), std::string(".."), std::string("a/b"),
                                       std::string("a b"), std::string("a\0b", 3), std::string(250, 'x')}) {
        EXPECT_EQ(code_of(create(illegal)), errc::invalid_topic_name) << illegal;
    }
    EXPECT_THAT(names(), ElementsAre("a.b"));
}

TEST_F(topic_directory_test, partition_counts_beyond_the_limits_are_refused) {
    topic_directory_options options;
    options.limits.partitions_per_topic_max = 10;
    options.limits.partitions_max = 15;
    open(options);
    for (std::int32_t impossible : {0, -1, 11}) {
        EXPECT_EQ(code_of(create("t", impossible)), errc::invalid_partition_count) << impossible;
    }
    ASSERT_TRUE(create("a", 10));
    EXPECT_EQ(code_of(create("b", 6)), errc::limit_reached);
    ASSERT_TRUE(create("b", 5));
    EXPECT_EQ(code_of(create("c", 1)), errc::limit_reached);
    EXPECT_EQ(code_of(grow("b", 6)), errc::limit_reached);
    ASSERT_TRUE(remove("a"));
    EXPECT_TRUE(grow("b", 10));
    EXPECT_TRUE(create("c", 5));
}

TEST_F(topic_directory_test, more_topics_than_allowed_are_refused) {
    topic_directory_options options;
    options.limits.topics_max = 2;
    options.limits.deleted_topics_max = 1;
    open(options);
    ASSERT_TRUE(create("a"));
    ASSERT_TRUE(create("b"));
    EXPECT_EQ(code_of(create("c")), errc::limit_reached);
    const topic_id a = remove("a")->id;
    const topic_id b = remove("b")->id;
    EXPECT_EQ(code_of(create("c")), errc::limit_reached) << "two deleted topics are still on disk";
    ASSERT_TRUE(process.wait(directory->forget_deleted(a)));
    ASSERT_TRUE(process.wait(directory->forget_deleted(b)));
    process.scheduler.run_until_idle();
    EXPECT_TRUE(create("c"));
}

TEST_F(topic_directory_test, many_creations_at_once_stay_within_the_partitions) {
    topic_directory_options options;
    options.limits.partitions_max = 12;
    open(options);
    std::vector<env::sim_running<result<topic>>> running;
    for (int i = 0; i < 20; ++i) running.push_back(start_create("t" + std::to_string(i), 2));
    process.scheduler.run_until_idle();
    int made = 0;
    for (auto& each : running) {
        const auto outcome = each.take();
        if (outcome)
            ++made;
        else
            EXPECT_EQ(outcome.error().code, errc::limit_reached);
    }
    EXPECT_EQ(made, 6);
    EXPECT_EQ(directory->image()->partition_count(), 12);
    ASSERT_TRUE(remove("t0"));
    EXPECT_TRUE(create("another", 2)) << "what was reserved is given back";
}

TEST_F(topic_directory_test, many_small_topics_at_once_stay_within_their_number) {
    topic_directory_options options;
    options.limits.topics_max = 7;
    open(options);
    std::vector<env::sim_running<result<topic>>> running;
    for (int i = 0; i < 20; ++i) running.push_back(start_create("t" + std::to_string(i)));
    process.scheduler.run_until_idle();
    EXPECT_EQ(directory->image()->topic_count(), 7u);
}

TEST_F(topic_directory_test, of_colliding_names_created_at_once_one_wins) {
    auto first = start_create("a.b");
    auto second = start_create("a_b");
    auto third = start_create("a.b");
    process.scheduler.run_until_idle();
    std::vector<std::error_code> codes{code_of(first.take()), code_of(second.take()), code_of(third.take())};
    EXPECT_THAT(codes, ElementsAre(std::error_code(), make_error_code(errc::topic_name_collides),
                                   make_error_code(errc::topic_exists)));
    EXPECT_THAT(names(), ElementsAre("a.b"));
}

TEST_F(topic_directory_test, configs_that_cannot_be_are_refused) {
    EXPECT_EQ(code_of(create("t", 1, {{"retention.ms", "soon"}})), errc::invalid_config);
    EXPECT_EQ(code_of(create("t", 1, {{"no.such", "1"}})), errc::invalid_config);
    EXPECT_EQ(code_of(create("t", 1, {{"cleanup.policy", "compact"}})), errc::unsupported_config);
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(topic_directory_test, validation_alone_changes_nothing) {
    const auto valid = create("t", 3, {{"segment.bytes", "20000"}}, true);
    ASSERT_TRUE(valid);
    EXPECT_TRUE(valid->id.is_none());
    EXPECT_EQ(valid->settings.segment_bytes, 20'000);
    EXPECT_EQ(code_of(create("t", 0, {}, true)), errc::invalid_partition_count);
    EXPECT_THAT(names(), IsEmpty());
    ASSERT_TRUE(create("t"));
    EXPECT_EQ(alter("t", {{"retention.ms", "1"}}, true)->settings.retention_ms, 1);
    EXPECT_EQ(grow("t", 5, true)->partition_count, 5);
    EXPECT_EQ(directory->image()->find("t")->partition_count, 1);
    EXPECT_THAT(directory->image()->find("t")->configs, IsEmpty());
}

TEST_F(topic_directory_test, a_deleted_topic_is_remembered_until_it_is_forgotten) {
    const auto made = create("t", 5);
    const auto deleted = remove("t");
    ASSERT_TRUE(deleted);
    EXPECT_EQ(deleted->id, made->id);
    EXPECT_EQ(directory->image()->find("t"), nullptr);
    EXPECT_EQ(directory->image()->find(made->id), nullptr);
    EXPECT_EQ(directory->image()->find_deleted(made->id)->name, "t");
    EXPECT_EQ(code_of(remove("t")), errc::unknown_topic);
    EXPECT_EQ(code_of(process.wait(directory->delete_topic(made->id))), errc::unknown_topic);

    const auto again = create("t", 1);
    ASSERT_TRUE(again);
    EXPECT_NE(again->id, made->id);
    ASSERT_TRUE(process.wait(directory->forget_deleted(made->id)));
    ASSERT_TRUE(process.wait(directory->forget_deleted(made->id)));
    process.scheduler.run_until_idle();
    EXPECT_EQ(directory->image()->deleted_count(), 0u);
    EXPECT_EQ(directory->image()->find("t")->id, again->id);
}

TEST_F(topic_directory_test, a_topic_is_deleted_by_its_id) {
    const auto made = create("t");
    EXPECT_EQ(code_of(process.wait(directory->delete_topic(topic_id::from_random_bits(1, 1)))),
              errc::unknown_topic);
    EXPECT_EQ(process.wait(directory->delete_topic(made->id))->name, "t");
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(topic_directory_test, configs_are_changed_one_by_one_or_all_together) {
    ASSERT_TRUE(create("t", 1, {{"retention.ms", "1"}, {"segment.ms", "2"}}));
    ASSERT_TRUE(alter("t", {{"retention.ms", std::nullopt}, {"retention.bytes", "3"}}));
    EXPECT_EQ(directory->image()->find("t")->configs,
              (topic_configs{{"segment.ms", "2"}, {"retention.bytes", "3"}}));
    EXPECT_EQ(directory->image()->find("t")->settings.retention_ms, topic_settings{}.retention_ms);
    ASSERT_TRUE(process.wait(directory->replace_configs("t", {{"segment.ms", "9"}}, false)));
    EXPECT_EQ(directory->image()->find("t")->configs, (topic_configs{{"segment.ms", "9"}}));

    EXPECT_EQ(code_of(alter("t", {{"segment.ms", "10"}, {"retention.ms", "x"}})), errc::invalid_config);
    EXPECT_EQ(code_of(alter("unknown", {{"segment.ms", "10"}})), errc::unknown_topic);
    EXPECT_EQ(directory->image()->find("t")->settings.segment_ms, 9);
}

TEST_F(topic_directory_test, a_topic_gets_more_partitions_but_never_fewer) {
    const auto made = create("t", 3);
    EXPECT_EQ(code_of(grow("t", 3)), errc::invalid_partition_count);
    EXPECT_EQ(code_of(grow("t", 2)), errc::invalid_partition_count);
    EXPECT_EQ(code_of(grow("t", 10'001)), errc::invalid_partition_count);
    EXPECT_EQ(code_of(grow("unknown", 4)), errc::unknown_topic);
    ASSERT_TRUE(grow("t", 5));
    const topic_ptr grown = directory->image()->find("t");
    EXPECT_EQ(grown->partition_count, 5);
    EXPECT_EQ(grown->id, made->id);
    EXPECT_EQ(grown->created, made->created);
}

TEST_F(topic_directory_test, changes_of_one_topic_at_once_all_happen) {
    ASSERT_TRUE(create("t"));
    std::vector<env::sim_running<result<topic>>> running;
    const auto begin = [&](const std::string& name, const std::string& value) {
        std::vector<config_change> changes{{name, value}};
        running.push_back(env::start(process.loop, directory->alter_configs("t", std::move(changes), false)));
    };
    begin("retention.ms", "1");
    begin("retention.bytes", "2");
    begin("segment.ms", "3");
    running.push_back(env::start(process.loop, directory->add_partitions("t", 4, false)));
    process.scheduler.run_until_idle();
    for (auto& each : running) EXPECT_TRUE(each.take());
    const topic_ptr changed = directory->image()->find("t");
    EXPECT_EQ(changed->configs,
              (topic_configs{{"retention.bytes", "2"}, {"retention.ms", "1"}, {"segment.ms", "3"}}));
    EXPECT_EQ(changed->partition_count, 4);
}

TEST_F(topic_directory_test, a_deletion_wins_over_changes_at_the_same_time) {
    ASSERT_TRUE(create("t"));
    auto altering = env::start(process.loop, directory->add_partitions("t", 4, false));
    auto deleting = env::start(process.loop, directory->delete_topic("t"));
    auto late = env::start(process.loop, directory->add_partitions("t", 5, false));
    process.scheduler.run_until_idle();
    ASSERT_TRUE(deleting.take());
    const auto altered = altering.take();
    EXPECT_TRUE(altered || altered.error().code == errc::unknown_topic);
    const auto altered_late = late.take();
    EXPECT_TRUE(altered_late || altered_late.error().code == errc::unknown_topic);
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_EQ(directory->image()->deleted_count(), 1u);
}

TEST_F(topic_directory_test, observers_see_every_image_in_order_before_the_answer) {
    std::vector<std::pair<std::int64_t, std::size_t>> seen;
    auto subscription = directory->subscribe([&](const std::shared_ptr<const topic_image>& image) {
        seen.emplace_back(image->revision().value(), image->topic_count());
    });
    ASSERT_TRUE(create("a"));
    EXPECT_THAT(seen, ElementsAre(std::pair(1, 1)));
    ASSERT_TRUE(create("b"));
    ASSERT_TRUE(remove("a"));
    EXPECT_THAT(seen, ElementsAre(std::pair(1, 1), std::pair(2, 2), std::pair(3, 1)));
    subscription.reset();
    ASSERT_TRUE(create("c"));
    EXPECT_EQ(seen.size(), 3u);
}

TEST_F(topic_directory_test, directories_on_one_store_see_each_others_changes) {
    const auto other = open_another();
    const auto made = create("t");
    process.scheduler.run_until_idle();
    ASSERT_NE(other->image()->find("t"), nullptr);
    EXPECT_EQ(code_of(process.wait(other->create_topic({"t", 1, {}, false}))), errc::topic_exists);
    ASSERT_TRUE(process.wait(other->delete_topic(made->id)));
    process.scheduler.run_until_idle();
    EXPECT_THAT(names(), IsEmpty());
    process.wait(other->stop());
}

TEST_F(topic_directory_test, a_failed_transaction_is_answered_as_the_store_did) {
    store.fail_transactions_after(0, errc::no_space);
    EXPECT_EQ(code_of(create("t")), errc::no_space);
    EXPECT_THAT(names(), IsEmpty());
    store.fail_transactions_after(0, errc::unknown_outcome);
    EXPECT_EQ(code_of(create("t")), errc::unknown_outcome);
    store.stop_failing();
    EXPECT_EQ(code_of(create("t")), errc::topic_exists) << "it had happened";
    store.fail_transactions_after(0, errc::conflict);
    EXPECT_EQ(code_of(grow("t", 2)), errc::conflict) << "not for ever";
    EXPECT_EQ(code_of(remove("t")), errc::conflict);
    store.stop_failing();
}

TEST_F(topic_directory_test, after_stopping_calls_are_refused_and_those_under_way_were_answered) {
    auto under_way = start_create("t");
    process.wait(directory->stop());
    EXPECT_TRUE(under_way.take());
    EXPECT_EQ(code_of(create("u")), errc::closed);
    EXPECT_EQ(code_of(remove("t")), errc::closed);
    EXPECT_EQ(code_of(grow("t", 3)), errc::closed);
    directory.reset();
    open();
    EXPECT_THAT(names(), ElementsAre("t"));
}

TEST_F(topic_directory_test, a_stored_topic_that_cannot_be_read_stops_the_start) {
    ASSERT_TRUE(create("t"));
    ASSERT_TRUE(process.wait(store.transact(metadata_transaction().put(topic_key("u"), byte_vector(5)))));
    const auto refused = process.wait(topic_directory::open(&store, &process.loop, &process.random, {}));
    EXPECT_EQ(code_of(refused), errc::corrupt);
    // One that runs goes on with what it knows.
    EXPECT_TRUE(create("v"));
    EXPECT_THAT(names(), ElementsAre("t", "v"));
}

TEST_F(topic_directory_test, a_limit_that_was_lowered_holds_for_stored_topics_too) {
    ASSERT_TRUE(create("t", 1, {{"max.message.bytes", "30000000"}}));
    topic_directory_options options;
    options.limits.configs.message_bytes_max = 1'000'000;
    options.defaults.message_bytes_max = 500'000;
    open(options);
    EXPECT_EQ(directory->image()->find("t")->settings.message_bytes_max, 1'000'000);
    EXPECT_EQ(create("u")->settings.message_bytes_max, 500'000);
}

TEST_F(topic_directory_test, works_on_the_embedded_store_over_restarts) {
    scratch_directory scratch;
    std::vector<std::string> expected;
    for (int restart = 0; restart < 3; ++restart) {
        auto opened = process.wait(
            embedded_metadata_store::open(&process.workers, &process.loop, scratch.child("metadata"), {}));
        auto embedded = std::move(opened).value();
        auto topics =
            process.wait(topic_directory::open(embedded.get(), &process.loop, &process.random, {})).value();
        EXPECT_EQ(names_in(*topics->image()), expected);
        std::vector<env::sim_running<result<topic>>> running;
        for (int i = 0; i < 10; ++i) {
            const std::string name = "t" + std::to_string(restart) + std::to_string(i);
            running.push_back(env::start(process.loop, topics->create_topic({name, 2, {}, false})));
            expected.push_back(name);
        }
        process.scheduler.run_until_idle();
        for (auto& each : running) EXPECT_TRUE(each.take());
        ASSERT_TRUE(process.wait(topics->delete_topic(expected.back())));
        expected.pop_back();
        process.wait(topics->stop());
        process.wait(embedded->close());
    }
}

}  // namespace
}  // namespace logstore::cluster
