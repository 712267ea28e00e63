#include "env/memory_size.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace logstore::env {
namespace {

class memory_size : public testing::Test {
  protected:
    memory_size() { std::filesystem::remove_all(root); }
    ~memory_size() override { std::filesystem::remove_all(root); }

    void put(const std::string& path, const std::string& text) {
        const std::filesystem::path file(root + path);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text << "\n";
    }
    std::uint64_t found() const { return usable_memory_bytes(root, 1000); }

    const std::string root = testing::TempDir() + "memory-size-test";
};

TEST_F(memory_size, without_control_groups_it_is_the_machines) {
    EXPECT_EQ(found(), 1000u);
}

TEST_F(memory_size, the_least_limit_of_the_groups_above_counts) {
    put("/proc/self/cgroup", "9:cpu,cpuacct:/\n4:memory:/a/b\n0::/");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
    put("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "500");
    put("/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "700");
    EXPECT_EQ(found(), 500u);
}

TEST_F(memory_size, version_2_is_read_and_max_is_no_limit) {
    put("/proc/self/cgroup", "0::/a/b");
    put("/sys/fs/cgroup/a/memory.max", "max");
    EXPECT_EQ(found(), 1000u);
    put("/sys/fs/cgroup/a/b/memory.max", "600");
    EXPECT_EQ(found(), 600u);
}

TEST_F(memory_size, a_group_that_cannot_be_seen_leaves_the_one_that_can) {
    put("/proc/self/cgroup", "4:memory:/docker/0123");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "300");
    EXPECT_EQ(found(), 300u);
}

TEST_F(memory_size, nonsense_limits_nothing) {
    put("/proc/self/cgroup", "\nx\n4:memory\n4:memory:\n4:memory:relative\n0::/a");
    put("/sys/fs/cgroup/a/memory.max", "lots");
    EXPECT_EQ(found(), 1000u);
}

TEST(memory_of_this_process, is_some) {
    EXPECT_GT(usable_memory_bytes(), std::uint64_t(16) << 20);
}

}  // namespace
}  // namespace logstore::env
