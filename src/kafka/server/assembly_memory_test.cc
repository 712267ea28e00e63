#include "kafka/server/assembly_memory.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "env/testing/sim_random.h"
#include "env/testing/sim_world.h"

namespace logstore::kafka {
namespace {

struct frame final : unfinished_frame {
    void on_room() override { ++calls; }
    int calls = 0;
};

class assembly_memory_test : public ::testing::Test {
  protected:
    ~assembly_memory_test() override { memory.release(one), memory.release(two), memory.release(three); }

    env::sim_world world{1};
    assembly_memory memory{200, world.loop()};
    frame one, two, three;
};

TEST_F(assembly_memory_test, a_step_that_fits_is_given_at_once) {
    EXPECT_TRUE(memory.grow_or_wait(one, 20, 1000));
    EXPECT_TRUE(memory.grow_or_wait(two, 30, 1000));
    EXPECT_TRUE(memory.grow_or_wait(one, 70, 1000));
    EXPECT_TRUE(memory.grow_or_wait(one, 60, 1000));  // has it already
    EXPECT_EQ(memory.held_bytes(), 100u);
    memory.release(one);
    memory.release(one);
    EXPECT_EQ(memory.held_bytes(), 30u);
    EXPECT_FALSE(memory.take_scarcity());
}

TEST_F(assembly_memory_test, where_steps_no_longer_fit_frames_finish_one_after_another) {
    EXPECT_TRUE(memory.grow_or_wait(one, 50, 60));
    EXPECT_TRUE(memory.grow_or_wait(two, 50, 60));
    EXPECT_TRUE(memory.grow_or_wait(three, 10, 60));  // whole, in the other half
    EXPECT_EQ(memory.held_bytes(), 160u);
    EXPECT_FALSE(memory.grow_or_wait(one, 60, 60));
    EXPECT_FALSE(memory.grow_or_wait(two, 60, 60));
    EXPECT_TRUE(memory.take_scarcity());
    EXPECT_TRUE(memory.take_scarcity());  // they still wait
    memory.release(three);
    EXPECT_EQ(one.calls, 0);  // from the loop
    world.run_until_idle();
    EXPECT_EQ(one.calls, 1);
    EXPECT_EQ(two.calls, 1);  // into what the first one left
    EXPECT_EQ(memory.held_bytes(), 120u);
    EXPECT_TRUE(memory.take_scarcity());
    EXPECT_FALSE(memory.take_scarcity());
}

TEST_F(assembly_memory_test, a_frame_larger_than_everything_finishes_alone) {
    EXPECT_TRUE(memory.grow_or_wait(one, 500, 1000));
    EXPECT_FALSE(memory.grow_or_wait(two, 500, 1000));
    EXPECT_TRUE(memory.grow_or_wait(one, 1000, 1000));
    EXPECT_EQ(memory.held_bytes(), 1000u);
    EXPECT_TRUE(memory.grow_or_wait(three, 100, 300));  // the half for frames that arrive is free
    memory.release(one);
    world.run_until_idle();
    EXPECT_EQ(two.room_bytes(), 1000u);
}

TEST_F(assembly_memory_test, a_small_step_passes_those_who_wait_for_more) {
    EXPECT_TRUE(memory.grow_or_wait(one, 80, 1000));
    EXPECT_TRUE(memory.grow_or_wait(two, 200, 200));
    EXPECT_FALSE(memory.grow_or_wait(one, 200, 1000));
    EXPECT_TRUE(memory.grow_or_wait(three, 20, 1000));
}

TEST_F(assembly_memory_test, ordinary_frames_do_not_wait_for_large_ones) {
    assembly_memory larger(3200, world.loop());
    EXPECT_TRUE(larger.grow_or_wait(one, 1600, 5000));
    EXPECT_TRUE(larger.grow_or_wait(two, 10, 5000));
    EXPECT_FALSE(larger.grow_or_wait(one, 5000, 5000));
    frame ordinary;
    EXPECT_TRUE(larger.grow_or_wait(ordinary, 60, 100));
    EXPECT_EQ(larger.held_bytes(), 1600u + 5000u + 100u);
    larger.release(ordinary);
    larger.release(one);
    larger.release(two);
}

TEST_F(assembly_memory_test, one_who_waits_and_goes_is_forgotten) {
    EXPECT_TRUE(memory.grow_or_wait(one, 200, 200));
    EXPECT_FALSE(memory.grow_or_wait(two, 200, 200));
    EXPECT_FALSE(memory.grow_or_wait(three, 200, 200));
    memory.release(one);
    memory.release(two);
    world.run_until_idle();
    EXPECT_EQ(two.calls, 0);
    EXPECT_EQ(three.calls, 1);
    memory.release(three);
    EXPECT_EQ(memory.held_bytes(), 0u);
}

/// A frame that grows in steps of its own, some bytes in each turn, and then ends.
class growing_frame final : public unfinished_frame {
  public:
    growing_frame(assembly_memory& memory, std::size_t whole) : memory_(memory), whole_(whole) {}

    bool is_done() const { return arrived_ == whole_; }
    void arrive(std::size_t bytes) {
        if (is_done() || waits_for_room()) return;
        arrived_ = std::min({whole_, room_bytes(), arrived_ + bytes});
        if (is_done()) return memory_.release(*this);
        if (arrived_ == room_bytes())
            std::ignore = memory_.grow_or_wait(*this, std::min(whole_, 4 * (arrived_ + 1)), whole_);
    }
    void on_room() override {}

  private:
    assembly_memory& memory_;
    const std::size_t whole_;
    std::size_t arrived_ = 0;
};

TEST(assembly_memory, whatever_arrives_in_whatever_order_every_frame_finishes_within_the_limit) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        env::sim_world world(seed);
        env::sim_random random(seed);
        constexpr std::size_t limit = 2000;
        const std::size_t whole_max = seed % 2 == 0 ? limit / 2 : 3 * limit;
        assembly_memory memory(limit, world.loop());
        std::vector<std::unique_ptr<growing_frame>> frames;
        for (int i = 0; i < 40; ++i) {
            frames.push_back(std::make_unique<growing_frame>(memory, 1 + random.below(whole_max)));
        }
        int turns = 0;
        while (!std::ranges::all_of(frames, [](const auto& one) { return one->is_done(); })) {
            ASSERT_LT(++turns, 200'000) << "seed " << seed;
            frames[random.below(frames.size())]->arrive(1 + random.below(100));
            ASSERT_LE(memory.held_bytes(), std::max(limit, limit * 3 / 4 + whole_max)) << "seed " << seed;
            if (random.below(3) == 0) world.run_until_idle();
        }
        ASSERT_EQ(memory.held_bytes(), 0u) << "seed " << seed;
    }
}

}  // namespace
}  // namespace logstore::kafka
