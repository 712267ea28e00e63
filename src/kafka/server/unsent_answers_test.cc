#include "kafka/server/unsent_answers.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"

namespace logstore::kafka {
namespace {

class unsent_answers_test : public ::testing::Test {
  protected:
    void queue(std::size_t queued_bytes, std::size_t held_bytes) {
        memory.share(0).take_anyway(held_bytes);
        unsent.add(queued_bytes, held_bytes);
    }

    env::sim_world world{1};
    byte_budget memory{1000, {&world.loop()}};
    unsent_answers unsent{memory.share(0)};
};

TEST_F(unsent_answers_test, memory_is_held_until_the_last_byte_of_an_answer_has_left) {
    queue(100, 500);
    queue(50, 60);
    unsent.note_pending(150);
    unsent.note_pending(51);
    EXPECT_EQ(memory.held_bytes(), 560u);
    unsent.note_pending(50);
    EXPECT_EQ(memory.held_bytes(), 60u);
    unsent.note_pending(0);
    EXPECT_EQ(memory.held_bytes(), 0u);
    EXPECT_EQ(unsent.sent_position(), 150u);
}

TEST_F(unsent_answers_test, a_client_that_always_has_more_under_way_holds_only_that) {
    for (int i = 0; i < 100; ++i) {
        queue(10, 40);
        unsent.note_pending(15);
        EXPECT_LE(unsent.held_bytes(), 80u);
    }
    unsent.note_pending(0);
    EXPECT_EQ(memory.held_bytes(), 0u);
}

TEST_F(unsent_answers_test, all_comes_back_when_the_stream_goes) {
    queue(100, 500);
    unsent.note_pending(60);
    unsent.clear();
    unsent.clear();
    EXPECT_EQ(memory.held_bytes(), 0u);
    queue(10, 20);
    unsent.note_pending(0);
    EXPECT_EQ(memory.held_bytes(), 0u);
}

}  // namespace
}  // namespace logstore::kafka
