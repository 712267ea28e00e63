#include "kv/view_database.h"

#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "kafka/protocol/key_placement.h"

namespace logstore::kv {
namespace {

const tablet_id tablet{topic_id::from_random_bits(1, 2), partition_id(0)};

class view_database_test : public ::testing::Test {
  protected:
    struct written {
        std::string key;
        std::optional<std::string> value;
    };

    void SetUp() override { open(); }
    void open(std::int64_t log_start = 0, std::int64_t log_end = 1'000'000, tablet_id of = tablet, std::int32_t partitions = 1) {
        db_.reset();
        auto opened = view_database::open(directory_, *resources_, of, partitions, offset(log_start), next_offset(log_end));
        ASSERT_TRUE(opened) << opened.error().message();
        db_ = std::move(*opened);
    }
    /// One record after another, from applied() on.
    std::vector<previous_record> apply(const std::vector<written>& records, view_database::apply_options how = {}) {
        std::vector<change> changes;
        std::int64_t at = db_->applied().value();
        for (const written& one : records) {
            change made;
            made.key = bytes_of(one.key);
            made.is_removal = !one.value;
            made.record.at = offset(at++);
            made.record.timestamp = timestamp_ms(1000 + at);
            if (one.value) made.record.value = bytes_of(*one.value);
            changes.push_back(made);
        }
        std::vector<previous_record> previous(changes.size());
        how.previous = previous;
        const auto applied = db_->apply(changes, next_offset(at), how);
        EXPECT_TRUE(applied) << applied.error().message();
        return previous;
    }
    std::string get(std::string_view key, std::int64_t log_start = 0) {
        const auto found = db_->get(bytes_of(key), offset(log_start), waiting::allowed);
        if (!found) return "error: " + found.error().message();
        if (!*found) return "none";
        return std::string(text_of(stored_record::read(**found)->value));
    }
    std::string keys(const view_database::range& range, std::int64_t log_start = 0) {
        std::string all;
        const auto done = db_->scan(range, offset(log_start), [&all](bytes_view key, const stored_record&) {
            all += std::string(text_of(key)) + " ";
            return true;
        });
        return done ? all : "error";
    }

    const std::unique_ptr<view_resources> resources_ = view_resources::in_memory();
    std::string directory_ = "/views/one";
    std::unique_ptr<view_database> db_;
};

TEST_F(view_database_test, keeps_the_latest_value_of_each_key_and_counts_keys) {
    apply({{"a", "1"}, {"b", "2"}, {"a", "3"}, {"c", "4"}, {"b", std::nullopt}});
    EXPECT_EQ(get("a"), "3");
    EXPECT_EQ(get("b"), "none");
    EXPECT_EQ(get("c"), "4");
    EXPECT_EQ(db_->state().key_count, 2u);
    EXPECT_EQ(db_->applied(), next_offset(5));
    apply({{"a", std::nullopt}, {"nothing", std::nullopt}});
    EXPECT_EQ(db_->state().key_count, 1u);
}

TEST_F(view_database_test, tells_what_was_there_before_each_change_in_log_order) {
    apply({{"a", "old"}});
    view_database::apply_options how;
    how.with_previous_bytes = true;
    const auto previous = apply({{"a", "1"}, {"a", std::nullopt}, {"a", "2"}, {"new", "3"}}, how);
    EXPECT_EQ(previous[0].at, offset(0));
    EXPECT_EQ(text_of(stored_record::read(previous[0].stored)->value), "old");
    EXPECT_EQ(text_of(stored_record::read(previous[1].stored)->value), "1");
    EXPECT_FALSE(previous[2].had_value);
    EXPECT_FALSE(previous[3].had_value);
}

// What was not flushed is replayed from the log: the offset says from where, whatever else is lost.
TEST_F(view_database_test, after_an_end_without_flush_holds_what_its_offset_says) {
    apply({{"a", "1"}, {"b", "2"}});
    ASSERT_TRUE(db_->flush());
    EXPECT_EQ(db_->flushed(), next_offset(2));
    apply({{"a", "3"}, {"c", "4"}});
    EXPECT_EQ(db_->flushed(), next_offset(2));
    open();
    EXPECT_EQ(db_->applied(), next_offset(2));
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(get("c"), "none");
    EXPECT_EQ(db_->state().key_count, 2u);
}

TEST_F(view_database_test, a_key_whose_record_left_the_log_has_no_value) {
    apply({{"a", "1"}, {"b", "2"}, {"a", "3"}});
    EXPECT_EQ(get("a", 2), "3");
    EXPECT_EQ(get("b", 2), "none");
    EXPECT_EQ(keys({}, 2), "a ");
    view_database::apply_options how;
    how.log_start = offset(2);
    EXPECT_FALSE(apply({{"b", "again"}}, how)[0].had_value);
}

TEST_F(view_database_test, a_sweep_removes_the_keys_that_left_the_log) {
    std::vector<written> many;
    for (int i = 0; i < 120'000; ++i) many.push_back({"key " + std::to_string(i), "v"});
    apply(many);
    int pieces = 1;
    while (true) {
        const auto done = db_->sweep(offset(60'000));
        ASSERT_TRUE(done);
        if (*done) break;
        ++pieces;
    }
    EXPECT_GT(pieces, 1);
    EXPECT_EQ(db_->state().key_count, 60'000u);
    EXPECT_EQ(db_->state().swept, offset(60'000));
    EXPECT_EQ(get("key 59999", 0), "none");
    EXPECT_EQ(get("key 60000", 60'000), "v");
}

// A pass has gone by keys that leave the log while it is under way: only the next one may call them removed.
TEST_F(view_database_test, a_log_start_that_moves_during_a_sweep_takes_another_pass) {
    std::vector<written> many;
    for (int i = 0; i < 80'000; ++i) many.push_back({"key " + std::to_string(100'000 + i), "v"});
    apply(many);
    EXPECT_EQ(db_->sweep(offset(10)), false);
    EXPECT_EQ(db_->sweep(offset(20)), false);
    EXPECT_EQ(db_->state().swept, offset(10));
    while (!*db_->sweep(offset(20))) {}
    EXPECT_EQ(db_->state().key_count, 79'980u);
}

TEST_F(view_database_test, what_does_not_fit_the_log_is_built_anew) {
    apply({{"a", "1"}, {"b", "2"}});
    ASSERT_TRUE(db_->flush());
    open(0, 2);
    EXPECT_EQ(get("a"), "1");
    open(0, 1);  // the log was cut
    EXPECT_EQ(get("a"), "none");
    EXPECT_EQ(db_->applied(), next_offset(0));
    apply({{"a", "1"}});
    ASSERT_TRUE(db_->flush());
    open(5, 10);  // the log no longer reaches it
    EXPECT_EQ(get("a"), "none");
    EXPECT_EQ(db_->applied(), next_offset(5));
    apply({{"a", "1"}});
    ASSERT_TRUE(db_->flush());
    open(5, 10, {tablet.topic, partition_id(1)});  // another tablet's
    EXPECT_EQ(get("a", 5), "none");
}

TEST_F(view_database_test, a_scan_goes_in_the_order_of_bytes_and_keeps_to_its_range) {
    const std::string high = "z\xff";
    apply({{"b", "1"}, {"a", "1"}, {"ab", "1"}, {"abc", "1"}, {"b\xff", "1"}, {high + "1", "1"}, {"", "1"}, {"\xff", "1"}});
    EXPECT_EQ(keys({}), " a ab abc b b\xff z\xff" "1 \xff ");
    EXPECT_EQ(keys({bytes_of("ab"), {}, true, {}}), "ab abc ");
    EXPECT_EQ(keys({bytes_of("a"), bytes_of("ab"), false, {}}), "abc ");
    EXPECT_EQ(keys({{}, bytes_of("ab"), true, bytes_of("b")}), "ab abc ");
    EXPECT_EQ(keys({bytes_of("b"), {}, true, {}}), "b b\xff ");
    EXPECT_EQ(keys({bytes_of(high), {}, true, {}}), "z\xff" "1 ");
    EXPECT_EQ(keys({bytes_of("\xff"), {}, true, {}}), "\xff ");
}

TEST_F(view_database_test, notes_whether_keys_lie_where_clients_put_them) {
    std::string java, librdkafka;
    for (int i = 0; java.empty() || librdkafka.empty(); ++i) {
        const std::string key = std::to_string(i);
        const bool is_java = kafka::murmur2_partition(bytes_of(key), 8) == partition_id(0);
        const bool is_librdkafka = kafka::crc32_partition(bytes_of(key), 8) == partition_id(0);
        if (is_java && !is_librdkafka) java = key;
        if (is_librdkafka && !is_java) librdkafka = key;
    }
    open(0, 1'000'000, tablet, 8);
    apply({{java, "1"}});
    EXPECT_TRUE(db_->state().holds_murmur2);
    EXPECT_FALSE(db_->state().holds_crc32);
    // With another number of partitions nobody has looked.
    ASSERT_TRUE(db_->set_partition_count(9));
    EXPECT_FALSE(db_->state().holds_murmur2);
    apply({{librdkafka, "1"}});
    ASSERT_TRUE(db_->flush());
    open(0, 1'000'000, tablet, 9);
    EXPECT_FALSE(db_->state().holds_crc32);
}

class view_files_test : public view_database_test {
  protected:
    void SetUp() override {
        std::string pattern = ::testing::TempDir() + "views-XXXXXX";
        parent_ = ::mkdtemp(pattern.data());
        directory_ = parent_ + "/view";
        open_with({});
    }
    void TearDown() override {
        db_.reset();
        std::filesystem::remove_all(parent_);
    }
    void open_with(view_resources_options options) {
        db_.reset();
        real_ = std::make_unique<view_resources>(options);
        auto opened = view_database::open(directory_, *real_, tablet, 1, offset(0), next_offset(1'000'000));
        ASSERT_TRUE(opened) << opened.error().message();
        db_ = std::move(*opened);
    }

    std::string parent_;
    std::unique_ptr<view_resources> real_;
};

TEST_F(view_files_test, a_read_that_would_wait_for_the_disk_says_so_and_does_nothing) {
    apply({{"a", "1"}, {"b", std::string(100'000, 'x')}});
    ASSERT_TRUE(db_->flush());
    open_with({});
    const auto asked = db_->get(bytes_of("a"), offset(0), waiting::forbidden);
    ASSERT_FALSE(asked);
    EXPECT_EQ(asked.error().code, errc::would_block);
    EXPECT_EQ(get("a"), "1");
    EXPECT_TRUE(db_->get(bytes_of("a"), offset(0), waiting::forbidden));
}

TEST_F(view_files_test, a_damaged_view_is_built_anew) {
    apply({{"a", "1"}, {"b", std::string(100'000, 'x')}});
    ASSERT_TRUE(db_->flush());
    db_.reset();
    int damaged = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory_)) {
        if (!file.path().filename().string().starts_with("MANIFEST")) continue;
        std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekp(8);
        bytes.write("damage", 6);
        ++damaged;
    }
    ASSERT_EQ(damaged, 1);
    open_with({});
    EXPECT_EQ(get("a"), "none");
    EXPECT_EQ(db_->applied(), next_offset(0));
}

TEST_F(view_files_test, a_damaged_block_is_told_and_never_answered) {
    apply({{"a", "1"}, {"b", std::string(100'000, 'x')}});
    ASSERT_TRUE(db_->flush());
    db_.reset();
    for (const auto& file : std::filesystem::directory_iterator(directory_)) {
        if (file.path().extension() != ".sst") continue;
        std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekp(10);
        bytes.write("damage", 6);
    }
    open_with({});
    const auto found = db_->get(bytes_of("a"), offset(0), waiting::allowed);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, errc::corrupt);
}

}  // namespace
}  // namespace logstore::kv
