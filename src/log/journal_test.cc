#include "log/journal.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "log/journal_reader.h"
#include "log/log_errc.h"
#include "log/testing/test_batch.h"

namespace logstore {
namespace {

constexpr std::uint64_t salt = 77;
const std::string folder = "/journal";

class journal_test : public ::testing::Test, public journal_listener {
  protected:
    explicit journal_test(env::sim_world_options options = {}) : world_(options) {}
    void SetUp() override { ASSERT_TRUE(world_.run(world_.shard().files.make_directory(folder))); }

    void open(std::uint64_t file_bytes = 64 * 1024, std::uint32_t files = 3, std::uint64_t first = 1) {
        journal_options options;
        options.folder = folder;
        options.file_bytes = file_bytes;
        options.files = files;
        journal_ = std::make_unique<journal>(world_.shard(), options, *this);
        ASSERT_TRUE(world_.run(journal_->open(journal_sequence(first), salt)));
    }
    void close() {
        world_.run(journal_->close());
        journal_.reset();
    }
    journal_sequence add(std::size_t bytes = 100) {
        journal_entry_header entry;
        entry.kind = journal_entry_kind::tail;
        entry.base_offset = offset(added_++);
        return journal_->add(entry, byte_vector(bytes, std::byte(added_)));
    }
    journal_sequence add_durably(std::size_t bytes = 100) {
        const journal_sequence sequence = add(bytes);
        EXPECT_TRUE(world_.run(journal_->until_durable(sequence)));
        return sequence;
    }
    std::vector<std::string> paths(std::uint32_t files = 3) {
        std::vector<std::string> out;
        for (std::uint32_t i = 0; i < files; ++i) out.push_back(journal::file_path(folder, shard_id(0), i));
        return out;
    }
    journal_scan scan(std::uint64_t floor = 1) {
        auto scanned =
            world_.run(scan_journal(&world_.shard().files, paths(), journal_sequence(floor), salt));
        EXPECT_TRUE(scanned);
        return *scanned;
    }
    void on_group_durable(journal_sequence durable) override { durable_.push_back(durable.value()); }
    void on_journal_failed(error) override { failed_ = true; }

    env::sim_world world_;
    std::unique_ptr<journal> journal_;
    std::vector<std::uint64_t> durable_;
    std::int64_t added_ = 0;
    bool failed_ = false;
};

TEST_F(journal_test, entries_that_come_while_a_group_is_in_flight_share_the_next_one) {
    open();
    world_.disk().hold(env::sim_disk_operations(env::sim_disk_operation_kind::write_durably));
    EXPECT_EQ(add(), journal_sequence(1));
    world_.run_until_idle();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(add(), journal_sequence(2));
    world_.disk().release();
    world_.disk().clear_faults();
    world_.run_until_idle();
    ASSERT_GE(durable_.size(), 2u);
    EXPECT_EQ(durable_[0], 1u);
    EXPECT_EQ(durable_[1], 2u);
    EXPECT_EQ(journal_->counters().entries, 21u);
    close();
    const journal_scan found = scan();
    EXPECT_TRUE(found.damage.empty());
    EXPECT_EQ(found.groups.at(1).header.entry_count, 20u);
}

TEST_F(journal_test, groups_that_hold_something_are_measured) {
    open();
    add_durably(100);
    world_.advance(std::chrono::milliseconds(20));
    const journal_counters& counted = journal_->counters();
    EXPECT_EQ(counted.groups, 2u) << "an empty one closes it";
    EXPECT_EQ(counted.flush_times.count(), 1u);
    EXPECT_GT(counted.flush_times.sum(), 0u);
    EXPECT_EQ(counted.group_bytes.sum(), block_bytes);
    EXPECT_EQ(counted.group_appends.count(), 0u) << "a tail is no append";
    const byte_vector batch = make_test_batch(200);
    journal_entry_header entry;
    entry.kind = journal_entry_kind::batch;
    journal_->add(entry, batch);
    journal_->add(entry, batch);
    add_durably();
    EXPECT_EQ(counted.group_appends.count(), 1u);
    EXPECT_EQ(counted.group_appends.sum(), 2u);
    EXPECT_EQ(counted.flush_times.count(), 2u);
    close();
}

TEST_F(journal_test, an_empty_group_closes_the_last_one_soon_after) {
    open();
    add_durably();
    EXPECT_EQ(journal_->counters().groups, 1u);
    world_.advance(std::chrono::milliseconds(20));
    EXPECT_EQ(journal_->counters().groups, 2u);
    world_.advance(std::chrono::seconds(1));
    EXPECT_EQ(journal_->counters().groups, 2u);  // and nothing more while nothing comes
    EXPECT_EQ(durable_, std::vector<std::uint64_t>{1});
    close();
}

TEST_F(journal_test, what_has_room_can_always_be_written) {
    // Entries of all sizes as long as there is room; a journal whose placing failed would CHECK.
    env::sim_random random(3);
    for (int round = 0; round < 40; ++round) {
        open(64 * 1024, 3, 1 + static_cast<std::uint64_t>(round) * 1000);
        for (;;) {
            const std::size_t bytes =
                random.next() % (random.next() % 2 ? journal_->entry_bytes_max() : 3000);
            if (!journal_->has_room_for_checkpoint(bytes)) break;
            add(bytes);
            if (random.next() % 3 == 0) world_.advance(std::chrono::milliseconds(random.next() % 12));
        }
        close();
        EXPECT_FALSE(failed_);
    }
}

TEST_F(journal_test, the_largest_entry_has_room_whatever_the_position_once_all_is_released) {
    open();
    for (int i = 0; i < 60; ++i) {
        ASSERT_TRUE(journal_->has_room(journal_->entry_bytes_max(), 0)) << i;
        add_durably(2000);
        journal_->release_below(journal_->durable_sequence() + 1);
    }
    close();
}

TEST_F(journal_test, files_are_used_again_and_their_earlier_groups_are_not_replayed) {
    open();
    std::uint64_t released = 0;
    for (int i = 0; i < 200; ++i) {
        released = add_durably(3000).value();
        journal_->release_below(journal_sequence(released));
    }
    EXPECT_GT(journal_->counters().files_released, 5u);
    close();
    const journal_scan found = scan(released);
    EXPECT_TRUE(found.damage.empty());
    for (const found_group& group : found.groups) EXPECT_GE(group.header.sequence.value(), released);
}

TEST_F(journal_test, a_failed_write_is_told_once_and_nothing_is_durable_any_more) {
    open();
    add_durably();
    world_.disk().fail_matching(env::sim_disk_operations(env::sim_disk_operation_kind::write_durably),
                                std::errc::io_error);
    const journal_sequence lost = add();
    EXPECT_FALSE(world_.run(journal_->until_durable(lost)));
    EXPECT_TRUE(failed_);
    close();
}

class journal_in_page_cache : public journal_test {
  protected:
    static env::sim_world_options without_direct_files() {
        env::sim_world_options options;
        options.disk.refuses_direct = true;
        return options;
    }
    journal_in_page_cache() : journal_test(without_direct_files()) {}
};

TEST_F(journal_in_page_cache, recovery_believes_the_disk_and_not_what_memory_kept_of_a_failed_write) {
    // Linux marks the pages of a failed flush clean: they are read back as written until they leave the cache.
    open();
    add_durably();
    world_.disk().fail_matching(env::sim_disk_operations(env::sim_disk_operation_kind::write_durably),
                                std::errc::io_error);
    EXPECT_FALSE(world_.run(journal_->until_durable(add())));
    close();
    world_.kill(1);
    EXPECT_EQ(scan().groups.size(), 1u);
}

class journal_reader_test : public journal_test {
  protected:
    /// Four groups, the last not closed by an empty one; the content of the file.
    void write_four() {
        open();
        for (int i = 0; i < 4; ++i) add_durably(6000);
        auto content = world_.disk().contents(paths()[0]);
        ASSERT_TRUE(content);
        image_ = *content;
        close();
        // close() wrote the closing group: back to before it.
        world_.disk().overwrite_media(paths()[0], 0, image_);
        world_.disk().drop_caches();
        groups_ = scan().groups;
        ASSERT_EQ(groups_.size(), 4u);
    }
    void put(std::uint64_t position, byte_vector bytes) {
        world_.disk().overwrite_media(paths()[0], 0, image_);
        world_.disk().overwrite_media(paths()[0], position, bytes);
        world_.disk().drop_caches();
    }
    byte_vector image_;
    std::vector<found_group> groups_;
};

TEST_F(journal_reader_test, a_last_group_torn_at_any_sector_is_cut) {
    write_four();
    const found_group last = groups_.back();
    for (std::uint64_t at = 0; at < 64 + last.header.payload_bytes; at += 512) {
        put(last.position + at, byte_vector(512));
        const journal_scan found = scan();
        EXPECT_TRUE(found.damage.empty()) << at;
        EXPECT_EQ(found.groups.size(), 3u) << at;
        if (at > 0) EXPECT_TRUE(found.tail_was_torn) << at;
    }
}

TEST_F(journal_reader_test, a_last_group_cut_at_any_byte_is_cut) {
    write_four();
    const found_group last = groups_.back();
    for (std::uint64_t bytes = 0; bytes < 64 + last.header.payload_bytes; bytes += bytes < 200 ? 1 : 97) {
        put(last.position + bytes, byte_vector(last.header.size_on_disk() - bytes));
        EXPECT_EQ(scan().groups.size(), 3u) << bytes;
        EXPECT_TRUE(scan().damage.empty()) << bytes;
    }
}

TEST_F(journal_reader_test, damage_at_any_sector_of_an_earlier_group_is_reported) {
    write_four();
    for (const int index : {0, 1, 2}) {
        const found_group group = groups_[static_cast<std::size_t>(index)];
        for (std::uint64_t at = 0; at < 64 + group.header.payload_bytes; at += 512) {
            put(group.position + at, byte_vector(512));
            EXPECT_FALSE(scan().damage.empty()) << "group " << index << " byte " << at;
        }
    }
}

TEST_F(journal_reader_test, what_a_client_appends_cannot_pose_as_a_group) {
    open();
    // A whole group of another journal as the data of an entry, then the group around it torn: every block is
    // looked at.
    journal_group forged(8192);
    journal_group_header header;
    header.salt = salt + 1;
    header.sequence = journal_sequence(1'000'000);
    const bytes_view blocks = forged.finish(header);
    byte_vector data(3 * block_bytes);
    const std::size_t to_block = block_bytes - journal_group_header_bytes - journal_entry_header_bytes;
    std::ranges::copy(blocks.first(block_bytes), data.begin() + static_cast<std::ptrdiff_t>(to_block));
    journal_entry_header entry;
    entry.kind = journal_entry_kind::tail;
    const journal_sequence sequence = journal_->add(entry, data);
    ASSERT_TRUE(world_.run(journal_->until_durable(sequence)));
    close();
    world_.disk().overwrite_media(paths()[0], 0, byte_vector(512));
    world_.disk().drop_caches();
    const journal_scan found = scan();
    EXPECT_LT(found.highest, journal_sequence(10));
}

TEST(journal_order, groups_of_a_later_use_that_are_missing_are_damage) {
    std::vector<found_group> groups;
    for (const std::uint64_t sequence : {5u, 6u, 8u}) {
        found_group group;
        group.header.sequence = journal_sequence(sequence);
        group.payload_holds = true;
        groups.push_back(group);
    }
    EXPECT_FALSE(order_journal_groups(groups, journal_sequence(5)).damage.empty());
    groups.erase(groups.begin() + 2);
    EXPECT_TRUE(order_journal_groups(groups, journal_sequence(5)).damage.empty());
    EXPECT_EQ(order_journal_groups(groups, journal_sequence(6)).groups.size(), 1u);
    EXPECT_FALSE(order_journal_groups(groups, journal_sequence(4)).damage.empty());
}

}  // namespace
}  // namespace logstore
