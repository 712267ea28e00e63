#include "log/epoch_checkpoint.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "log/log_errc.h"

namespace logstore {
namespace {

epoch_history make(std::initializer_list<std::pair<int, int>> entries) {
    epoch_history history;
    for (const auto& [epoch, start] : entries)
        EXPECT_TRUE(history.append({leader_epoch(epoch), offset(start)}));
    return history;
}

result<epoch_history> decode(std::string_view text) {
    return decode_epoch_checkpoint(bytes_of(text));
}

TEST(epoch_checkpoint, is_the_text_that_kafka_writes) {
    EXPECT_EQ(text_of(encode_epoch_checkpoint(make({{1, 0}, {4, 1207}}))), "0\n2\n1 0\n4 1207\n");
    EXPECT_EQ(text_of(encode_epoch_checkpoint({})), "0\n0\n");
    EXPECT_EQ(decode("0\n2\n1 0\n4 1207\n"), make({{1, 0}, {4, 1207}}));
    EXPECT_EQ(decode("0\n0\n"), epoch_history());
}

TEST(epoch_checkpoint, what_is_not_so_is_refused) {
    for (const char* text : {"",
                             "0",
                             "0\n",
                             "x\n0\n",
                             "-1\n0\n",
                             "0\n-1\n",
                             "0\n1\n",
                             "0\n1\n1 2",
                             "0\n1\n1 2\n\n",
                             "0\n1\n1 2\n3 4\n",
                             "0\n2\n1 2\n",
                             "0\n1\n1\n",
                             "0\n1\n1  2\n",
                             "0\n1\n1 2 \n",
                             "0\n1\n-1 2\n",
                             "0\n1\n1 -2\n",
                             "0\n2\n1 2\n1 3\n",
                             "0\n2\n2 2\n1 3\n",
                             "0\n2\n1 2\n2 2\n",
                             "0\n1\n99999999999 2\n",
                             "0\n1\n1 99999999999999999999\n",
                             "0\n2000000000\n1 2\n",
                             "0\r\n0\r\n"})
        EXPECT_FALSE(decode(text)) << text;
    EXPECT_EQ(decode("1\n0\n").error().code, log_errc::newer_format);
}

TEST(epoch_checkpoint, cut_anywhere_is_refused) {
    const byte_vector whole = encode_epoch_checkpoint(make({{1, 0}, {4, 1207}, {15, 20'000}}));
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
        EXPECT_FALSE(decode_epoch_checkpoint(bytes_view(whole).first(bytes))) << bytes;
}

class completed_checkpoint : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(world_.run(files_.make_directory(directory_))); }
    void complete(epoch_history from_journal, int log_start, int log_end) {
        ASSERT_TRUE(world_.run(complete_epoch_checkpoint(&files_, directory_, std::move(from_journal),
                                                         offset(log_start), next_offset(log_end))));
    }
    void write(epoch_history history) {
        ASSERT_TRUE(world_.run(write_epoch_checkpoint(&files_, directory_, std::move(history))));
    }
    std::string content() {
        const auto bytes = world_.disk().contents(std::string(directory_) + "/leader-epoch-checkpoint");
        return bytes ? std::string(text_of(*bytes)) : "none";
    }

    env::sim_world world_{1};
    env::file_system& files_ = world_.shard().files;
    static constexpr const char* directory_ = "/t-0";
};

TEST_F(completed_checkpoint, takes_what_only_the_journal_knows) {
    write(make({{1, 0}, {3, 20}}));
    complete(make({{4, 30}}), 5, 40);
    EXPECT_EQ(content(), "0\n3\n1 5\n3 20\n4 30\n");
}

TEST_F(completed_checkpoint, is_not_written_when_it_says_all_already) {
    write(make({{1, 0}, {3, 20}}));
    const std::uint64_t before = world_.disk().counters().bytes_written;
    complete(make({{3, 25}}), 5, 40);
    EXPECT_EQ(world_.disk().counters().bytes_written, before);
}

TEST_F(completed_checkpoint, forgets_epochs_whose_batches_are_not_in_the_log) {
    write(make({{1, 0}, {3, 20}}));
    complete(make({{4, 30}}), 0, 20);
    EXPECT_EQ(content(), "0\n1\n1 0\n");
}

TEST_F(completed_checkpoint, is_not_made_where_there_is_none) {
    const std::uint64_t before = world_.disk().counters().flushes;
    complete(make({{4, 0}}), 0, 20);
    EXPECT_EQ(content(), "none");
    EXPECT_EQ(world_.disk().counters().flushes, before);
}

TEST_F(completed_checkpoint, that_does_not_hold_is_made_anew_when_the_journal_knows_the_whole_log) {
    write(make({{1, 0}}));
    world_.disk().overwrite_media(std::string(directory_) + "/leader-epoch-checkpoint", 0, bytes_of("x"));
    world_.disk().drop_caches();
    complete(make({{4, 0}}), 0, 20);
    EXPECT_EQ(content(), "0\n1\n4 0\n");
}

TEST_F(completed_checkpoint, is_left_out_when_older_epochs_are_not_known) {
    complete(make({{4, 30}}), 0, 40);
    EXPECT_EQ(content(), "none");
    write(make({{3, 20}}));
    complete(make({{4, 30}}), 0, 40);
    EXPECT_EQ(content(), "none");
}

TEST_F(completed_checkpoint, is_removed_when_there_is_no_room_to_write_it) {
    write(make({{1, 0}}));
    world_.disk().fail_matching(env::sim_disk_operations(env::sim_disk_operation_kind::write),
                                std::errc::no_space_on_device);
    complete(make({{4, 30}}), 0, 40);
    EXPECT_EQ(content(), "none");
}

}  // namespace
}  // namespace logstore
