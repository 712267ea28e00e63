#include "log/whole_file.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"

namespace logstore {
namespace {

byte_vector filled(char with, std::size_t bytes) {
    return byte_vector(bytes, std::byte(with));
}

TEST(whole_file, after_a_power_cut_anywhere_there_is_the_old_content_or_the_new) {
    bool ended = false;
    for (std::uint64_t at = 1; !ended; ++at) {
        env::sim_world world(at);
        ASSERT_TRUE(world.run(replace_file(&world.shard().files, "/", "f", filled('a', 3000))));
        bool cut = false;
        world.disk().crash_after(at, [&] { cut = true; });
        auto running = world.start(replace_file(&world.shard().files, "/", "f", filled('b', 5000)));
        world.run_until([&] { return cut || running.done(); });
        ended = running.done();
        world.disk().cancel_crash();
        world.crash(at * 31);
        world.run_until([&] { return running.done(); });
        const auto read = world.run(read_whole_file(&world.shard().files, "/f", 10'000));
        ASSERT_TRUE(read) << at;
        if (ended)
            EXPECT_EQ(*read, filled('b', 5000));
        else
            EXPECT_TRUE(*read == filled('a', 3000) || *read == filled('b', 5000)) << at;
    }
}

TEST(whole_file, larger_than_the_limit_is_refused) {
    env::sim_world world(1);
    ASSERT_TRUE(world.run(replace_file(&world.shard().files, "/", "f", filled('a', 3000))));
    EXPECT_FALSE(world.run(read_whole_file(&world.shard().files, "/f", 2999)));
    EXPECT_TRUE(world.run(read_whole_file(&world.shard().files, "/f", 3000)));
}

}  // namespace
}  // namespace logstore
