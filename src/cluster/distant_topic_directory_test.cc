// The topic directory on a store that is far away: watches miss changes, listings are slow and fail.
#include <gmock/gmock.h>

#include "cluster/testing/topic_directory_fixture.h"

namespace logstore::cluster {
namespace {

/// A store as it may be in a cluster: watches miss changes, listings are slow.
class distant_store final : public metadata_store {
  public:
    enum class hearing { all, gaps, nothing };

    distant_store(metadata_store& real, env::executor& home) : real_(real), home_(home) {}

    env::task<result<std::optional<metadata_entry>>> get(std::string key) override {
        return real_.get(std::move(key));
    }
    env::task<result<metadata_listing>> list(std::string prefix) override {
        ++lists;
        auto listing = co_await real_.list(std::move(prefix));
        co_await env::sleep(home_, list_delay);
        if (list_failures > 0) {
            --list_failures;
            co_return fail(errc::io);
        }
        co_return listing;
    }
    env::task<result<metadata_revision>> transact(metadata_transaction what) override {
        return real_.transact(std::move(what));
    }
    env::task<void> close() override { return real_.close(); }
    std::unique_ptr<metadata_watch> watch(std::string prefix, metadata_revision after,
                                          metadata_watcher watcher) override {
        watcher_ = std::move(watcher);
        return real_.watch(std::move(prefix), after, [this](const metadata_changes& seen) {
            if (watch_hears == hearing::all) watcher_(seen);
            if (watch_hears == hearing::gaps) tell_gap(seen.revision);
        });
    }
    void tell_gap(metadata_revision revision) {
        metadata_changes gap;
        gap.revision = revision;
        gap.gap = true;
        watcher_(gap);
    }

    hearing watch_hears = hearing::all;
    env::duration list_delay{0};
    int list_failures = 0;
    int lists = 0;

  private:
    metadata_store& real_;
    env::executor& home_;
    metadata_watcher watcher_;
};

/// A directory of its own on a distant_store, beside the fixture's, which plays the rest of the cluster.
class distant_topic_directory_test : public topic_directory_test {
  protected:
    using hearing = distant_store::hearing;

    ~distant_topic_directory_test() override {
        if (distant != nullptr) process.wait(distant->stop());
    }
    void settle() { process.scheduler.advance(std::chrono::seconds(10)); }

    distant_store far{store, process.loop};
    std::unique_ptr<topic_directory> distant =
        process.wait(topic_directory::open(&far, &process.loop, &process.random, {})).value();
};

TEST_F(distant_topic_directory_test, after_a_gap_in_the_watch_everything_is_listed_again) {
    ASSERT_TRUE(create("a"));
    const auto b = create("b");
    settle();
    ASSERT_EQ(distant->image()->topic_count(), 2u);
    EXPECT_EQ(far.lists, 1);

    far.watch_hears = hearing::gaps;
    ASSERT_TRUE(remove("b"));
    ASSERT_TRUE(create("c"));
    // Its own changes are answered only when its image has them.
    ASSERT_TRUE(process.wait(distant->create_topic({"d", 1, {}, false})));
    EXPECT_NE(distant->image()->find("d"), nullptr);
    far.watch_hears = hearing::all;
    settle();
    EXPECT_GT(far.lists, 1);
    EXPECT_EQ(names_in(*distant->image()), names());
    EXPECT_NE(distant->image()->find_deleted(b->id), nullptr);
    ASSERT_TRUE(create("e"));
    settle();
    EXPECT_NE(distant->image()->find("e"), nullptr);
}

TEST_F(distant_topic_directory_test, no_image_lacks_what_a_gap_swallowed) {
    far.watch_hears = hearing::nothing;
    const auto swallowed = create("swallowed");
    settle();
    far.watch_hears = hearing::all;
    far.list_delay = std::chrono::milliseconds(5);
    const auto subscription = distant->subscribe([&](const std::shared_ptr<const topic_image>& image) {
        if (image->revision() >= swallowed->created) {
            EXPECT_NE(image->find("swallowed"), nullptr);
        }
    });
    far.tell_gap(swallowed->created);
    process.scheduler.advance(std::chrono::milliseconds(2));
    // The listing under way is older than this.
    ASSERT_TRUE(create("meanwhile"));
    settle();
    EXPECT_EQ(names_in(*distant->image()), names());
    EXPECT_EQ(far.lists, 3);
}

TEST_F(distant_topic_directory_test, a_listing_that_fails_is_tried_again) {
    far.watch_hears = hearing::gaps;
    far.list_failures = 2;
    ASSERT_TRUE(create("a"));
    settle();
    EXPECT_EQ(names_in(*distant->image()), names());
}

TEST_F(distant_topic_directory_test, a_recreated_topic_is_not_deleted_for_its_namesake) {
    const auto first = create("t");
    settle();
    far.watch_hears = hearing::nothing;
    ASSERT_TRUE(remove("t"));
    const auto second = create("t");
    ASSERT_EQ(distant->image()->find("t")->id, first->id);
    EXPECT_EQ(code_of(process.wait(distant->delete_topic(first->id))), errc::unknown_topic);
    EXPECT_EQ(code_of(process.wait(distant->delete_topic("t"))), errc::unknown_topic);
    EXPECT_EQ(directory->image()->find("t")->id, second->id);
}

TEST_F(distant_topic_directory_test, a_deleted_topic_is_remembered_with_all_its_partitions) {
    const auto made = create("t", 2);
    settle();
    far.watch_hears = hearing::nothing;
    ASSERT_TRUE(grow("t", 7));
    far.watch_hears = hearing::all;
    EXPECT_EQ(process.wait(distant->delete_topic("t"))->partition_count, 7);
    settle();
    EXPECT_EQ(directory->image()->find_deleted(made->id)->partition_count, 7);
}

TEST_F(distant_topic_directory_test, stopping_does_not_wait_for_a_watch_that_hears_nothing) {
    far.watch_hears = hearing::nothing;
    auto creating = env::start(process.loop, distant->create_topic({"t", 1, {}, false}));
    settle();
    EXPECT_FALSE(creating.done()) << "it is not in the image";
    process.wait(distant->stop());
    ASSERT_TRUE(creating.done());
    EXPECT_TRUE(creating.take()) << "but it is durable";
    distant.reset();
}

}  // namespace
}  // namespace logstore::cluster
