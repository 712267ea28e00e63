#include "log/epoch_history.h"

#include <gtest/gtest.h>

namespace logstore {
namespace {

epoch_history make(std::initializer_list<std::pair<int, int>> entries) {
    epoch_history history;
    for (const auto& [epoch, start] : entries)
        EXPECT_TRUE(history.append({leader_epoch(epoch), offset(start)}));
    return history;
}

epoch_end ends(int epoch, int end) {
    return {leader_epoch(epoch), next_offset(end)};
}

TEST(epoch_history, an_epoch_ends_where_the_next_begins_and_the_last_with_the_log) {
    const epoch_history history = make({{2, 10}, {4, 30}, {7, 50}});
    const next_offset end(80);
    EXPECT_EQ(history.end_of(leader_epoch(2), end), ends(2, 30));
    EXPECT_EQ(history.end_of(leader_epoch(4), end), ends(4, 50));
    EXPECT_EQ(history.end_of(leader_epoch(7), end), ends(7, 80));
}

TEST(epoch_history, an_epoch_without_a_batch_is_answered_by_the_one_before_it) {
    const epoch_history history = make({{2, 10}, {4, 30}, {7, 50}});
    const next_offset end(80);
    EXPECT_EQ(history.end_of(leader_epoch(3), end), ends(2, 30));
    EXPECT_EQ(history.end_of(leader_epoch(6), end), ends(4, 50));
    EXPECT_EQ(history.end_of(leader_epoch(9), end), ends(7, 80));
    EXPECT_EQ(history.end_of(leader_epoch(1), end), ends(1, 10));  // before all that is kept
    EXPECT_EQ(history.end_of(no_leader_epoch, end), epoch_end());
    EXPECT_EQ(epoch_history().end_of(leader_epoch(1), end), epoch_end());
}

TEST(epoch_history, an_offset_has_the_epoch_that_began_last_before_it) {
    const epoch_history history = make({{2, 10}, {4, 30}});
    EXPECT_EQ(history.epoch_at(offset(9)), no_leader_epoch);
    EXPECT_EQ(history.epoch_at(offset(10)), leader_epoch(2));
    EXPECT_EQ(history.epoch_at(offset(29)), leader_epoch(2));
    EXPECT_EQ(history.epoch_at(offset(30)), leader_epoch(4));
}

TEST(epoch_history, a_later_batch_of_the_same_epoch_changes_nothing) {
    epoch_history history = make({{2, 10}});
    EXPECT_FALSE(history.note(leader_epoch(2), offset(11)));
    EXPECT_FALSE(history.note(no_leader_epoch, offset(12)));
    EXPECT_TRUE(history.note(leader_epoch(3), offset(12)));
    EXPECT_EQ(history, make({{2, 10}, {3, 12}}));
}

TEST(epoch_history, a_batch_overrules_entries_that_contradict_it) {
    epoch_history history = make({{2, 10}, {5, 20}, {6, 30}});
    EXPECT_TRUE(history.note(leader_epoch(7), offset(20)));  // 5 and 6 have no batch in this log
    EXPECT_EQ(history, make({{2, 10}, {7, 20}}));
    EXPECT_TRUE(history.note(leader_epoch(4), offset(40)));
    EXPECT_EQ(history, make({{2, 10}, {4, 40}}));
    EXPECT_TRUE(history.note(leader_epoch(4), offset(35)));
    EXPECT_EQ(history, make({{2, 10}, {4, 35}}));
}

TEST(epoch_history, the_epoch_that_holds_the_log_start_begins_there) {
    epoch_history history = make({{2, 10}, {4, 30}, {7, 50}});
    EXPECT_FALSE(history.trim_start(offset(5)));
    EXPECT_FALSE(history.trim_start(offset(20)));
    EXPECT_EQ(history, make({{2, 20}, {4, 30}, {7, 50}}));
    EXPECT_TRUE(history.trim_start(offset(30)));
    EXPECT_EQ(history, make({{4, 30}, {7, 50}}));
    EXPECT_TRUE(history.trim_start(offset(90)));
    EXPECT_EQ(history, make({{7, 90}}));
}

TEST(epoch_history, epochs_behind_the_end_of_the_log_are_cut) {
    epoch_history history = make({{2, 10}, {4, 30}, {7, 50}});
    EXPECT_FALSE(history.cut_end(next_offset(51)));
    EXPECT_TRUE(history.cut_end(next_offset(50)));
    EXPECT_TRUE(history.cut_end(next_offset(10)));
    EXPECT_TRUE(history.is_empty());
}

TEST(epoch_history, covers_a_log_whose_every_offset_has_an_epoch) {
    const epoch_history history = make({{2, 10}});
    EXPECT_TRUE(history.covers(offset(10), next_offset(20)));
    EXPECT_FALSE(history.covers(offset(9), next_offset(20)));
    EXPECT_FALSE(epoch_history().covers(offset(9), next_offset(20)));
    EXPECT_TRUE(epoch_history().covers(offset(9), next_offset(9)));
}

TEST(epoch_history, keeps_the_newest_entries_at_its_limit) {
    epoch_history history;
    const int count = static_cast<int>(epoch_history::entries_max) + 3;
    for (int i = 0; i < count; ++i) EXPECT_TRUE(history.note(leader_epoch(i), offset(i)));
    EXPECT_EQ(history.starts().size(), epoch_history::entries_max);
    EXPECT_EQ(history.starts().front().epoch, leader_epoch(3));
    EXPECT_FALSE(history.append({leader_epoch(count), offset(count)}));
}

}  // namespace
}  // namespace logstore
