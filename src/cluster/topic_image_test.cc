#include "cluster/topic_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "env/testing/sim_random.h"

namespace logstore::cluster {
namespace {

topic_ptr make(const std::string& name, std::uint64_t id, std::int32_t partitions = 1) {
    auto t = std::make_shared<topic>();
    t->name = name;
    t->id = topic_id::from_random_bits(id, id);
    t->partition_count = partitions;
    return t;
}

TEST(topic_image, finds_topics_by_name_and_by_id) {
    topic_image image;
    image.put(make("a.b", 1, 3));
    image.put(make("c", 2, 4));
    EXPECT_EQ(image.find("a.b")->id, topic_id::from_random_bits(1, 1));
    EXPECT_EQ(image.find(topic_id::from_random_bits(2, 2))->name, "c");
    EXPECT_EQ(image.find("a_b"), nullptr);
    EXPECT_EQ(image.find_in_place_of("a_b")->name, "a.b");
    EXPECT_EQ(image.find("d"), nullptr);
    EXPECT_EQ(image.find(topic_id{}), nullptr);
    EXPECT_EQ(image.topic_count(), 2u);
    EXPECT_EQ(image.partition_count(), 7);
}

TEST(topic_image, a_topic_replaces_the_one_under_its_key) {
    topic_image image;
    image.put(make("a.b", 1, 3));
    image.put(make("a_b", 2, 5));
    EXPECT_EQ(image.find(topic_id::from_random_bits(1, 1)), nullptr);
    EXPECT_EQ(image.find("a.b"), nullptr);
    EXPECT_EQ(image.topic_count(), 1u);
    EXPECT_EQ(image.partition_count(), 5);
    image.remove(topic_key("a.b"));
    EXPECT_EQ(image.topic_count(), 0u);
    EXPECT_EQ(image.partition_count(), 0);
    image.remove(topic_key("a.b"));
    EXPECT_EQ(image.partition_count(), 0);
}

TEST(topic_image, a_published_image_never_changes) {
    topic_image next;
    for (std::uint64_t i = 1; i <= 1000; ++i) next.put(make("t" + std::to_string(i), i));
    next.set_revision(metadata_revision(7));
    const auto published = next.publish();
    next.remove(topic_key("t5"));
    next.put(make("t6", 6000, 9));
    next.put(make("new", 5000));
    next.put_deleted({"t5", topic_id::from_random_bits(5, 5), 1});
    next.set_revision(metadata_revision(8));
    const auto second = next.publish();

    EXPECT_EQ(published->revision(), metadata_revision(7));
    EXPECT_EQ(published->topic_count(), 1000u);
    EXPECT_EQ(published->partition_count(), 1000);
    EXPECT_NE(published->find("t5"), nullptr);
    EXPECT_EQ(published->find("t6")->id, topic_id::from_random_bits(6, 6));
    EXPECT_EQ(published->find("new"), nullptr);
    EXPECT_EQ(published->deleted_count(), 0u);
    EXPECT_EQ(second->topic_count(), 1000u);
    EXPECT_EQ(second->partition_count(), 1008);
    EXPECT_EQ(second->find("t5"), nullptr);
    EXPECT_EQ(second->find_deleted(topic_id::from_random_bits(5, 5))->name, "t5");
    next.remove(deleted_topic_key(topic_id::from_random_bits(5, 5)));
    EXPECT_EQ(next.deleted_count(), 0u);
    EXPECT_EQ(second->deleted_count(), 1u);
}

TEST(topic_image, tells_what_an_earlier_image_has_not) {
    topic_image image;
    for (std::uint64_t i = 0; i < 1000; ++i) image.put(make("topic-" + std::to_string(i), i));
    const auto before = image.publish();
    EXPECT_TRUE(image.publish()->changes_since(*before).set.empty());
    const topic_ptr added = make("added", 5000);
    const topic_ptr changed = make("topic-7", 7, 2);
    image.put(added);
    image.put(changed);
    const auto grown = image.publish();
    EXPECT_THAT(grown->changes_since(*before).set, testing::UnorderedElementsAre(added, changed));
    EXPECT_FALSE(grown->changes_since(*before).has_removals);
    image.remove(topic_key("topic-9"));
    EXPECT_TRUE(image.publish()->changes_since(*grown).has_removals);
    EXPECT_TRUE(image.publish()->changes_since(*grown).set.empty());
    EXPECT_EQ(grown->changes_since(topic_image()).set.size(), 1001u);
}

TEST(topic_image, a_topic_made_anew_under_its_name_counts_as_gone) {
    topic_image image;
    image.put(make("a", 1));
    const auto before = image.publish();
    image.remove(topic_key("a"));
    image.put(make("a", 2));
    const auto changes = image.publish()->changes_since(*before);
    EXPECT_EQ(changes.set.size(), 1u);
    EXPECT_TRUE(changes.has_removals);
}

TEST(topic_image, agrees_with_a_plain_map_over_random_changes) {
    env::sim_random random(3);
    topic_image next;
    std::map<std::string, topic_ptr> model;
    std::vector<std::pair<std::shared_ptr<const topic_image>, std::map<std::string, topic_ptr>>> published;
    for (std::uint64_t i = 1; i <= 3000; ++i) {
        const std::string name = "t" + std::to_string(random.below(200));
        if (random.below(3) == 0) {
            next.remove(topic_key(name));
            model.erase(name);
        } else {
            model[name] = make(name, i);
            next.put(model[name]);
        }
        if (random.below(100) == 0) published.emplace_back(next.publish(), model);
    }
    published.emplace_back(next.publish(), model);
    for (const auto& [image, expected] : published) {
        std::vector<topic_ptr> all;
        for (const auto& [name, each] : expected) all.push_back(each);
        EXPECT_EQ(image->topics(), all);
        EXPECT_EQ(image->topic_count(), all.size());
        for (const topic_ptr& each : all) EXPECT_EQ(image->find(each->id), each);
    }
}

}  // namespace
}  // namespace logstore::cluster
