#include "env/host.h"

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "env/gate.h"

namespace logstore::env {
namespace {

std::unique_ptr<host> make_host(std::uint32_t shards, disk_backend disk = disk_backend::automatic) {
    host_options options;
    options.shards = shards;
    options.disk = disk;
    auto made = host::make(options);
    EXPECT_TRUE(made.has_value()) << made.error().message();
    return std::move(*made);
}

/// Hops from shard to shard, each on its own thread, and stops the host in the end.
struct hopping_message final : remote_message {
    host& on;
    std::uint32_t at = 0;
    std::uint32_t hops_left;
    std::atomic<int> wrong_threads = 0;
    hopping_message(host& the_on, std::uint32_t hops) : on(the_on), hops_left(hops) {}
    void run() override {
        if (!on.shard(at).loop.is_current()) ++wrong_threads;
        if (hops_left-- == 0) return on.stop();
        at = (at + 1) % on.shard_count();
        on.shard(at).loop.send(this);
    }
};

TEST(host, shards_run_on_threads_of_their_own_and_reach_each_other) {
    auto machine = make_host(3);
    hopping_message message(*machine, 3000);
    machine->shard(0).loop.send(&message);
    machine->run();
    EXPECT_EQ(message.wrong_threads, 0);
}

task<void> write_and_stop(host& machine, std::uint32_t index, std::string path, std::atomic<int>& done) {
    const environment world = machine.shard(index);
    {
        auto opened = co_await world.files.open(path, open_options::read_write().creating());
        EXPECT_TRUE(opened.has_value());
        const std::string text = "shard " + std::to_string(index);
        const auto written = co_await (*opened)->write_durably(0, bytes_of(text));
        EXPECT_TRUE(written.has_value());
        std::string back(100, '?');
        const auto got =
            co_await (*opened)->read(0, {reinterpret_cast<std::byte*>(back.data()), back.size()});
        EXPECT_EQ(got.value_or(0), text.size());
        EXPECT_TRUE(world.loop.is_current());
    }
    const auto removed = co_await world.files.remove_file(path);
    EXPECT_TRUE(removed.has_value());
    if (++done == int(machine.shard_count())) machine.stop();
}

void write_on_every_shard(disk_backend disk) {
    auto machine = make_host(2, disk);
    std::atomic<int> done = 0;
    std::vector<std::unique_ptr<gate>> gates;
    const std::string folder = std::filesystem::temp_directory_path() / "logstore-host-test-";
    for (std::uint32_t i = 0; i < machine->shard_count(); ++i) {
        gates.push_back(std::make_unique<gate>());
        const std::string path = folder + std::to_string(::getpid()) + "-" + std::to_string(i);
        machine->shard(i).loop.post(
            [&, i, path] { spawn(*gates[i], write_and_stop(*machine, i, path, done)); });
    }
    machine->run();
    EXPECT_EQ(done, 2);
}

TEST(host, every_shard_has_files) {
    write_on_every_shard(disk_backend::automatic);
}
TEST(host, every_shard_has_files_by_threads) {
    write_on_every_shard(disk_backend::threads);
}

TEST(host, says_which_disk_backend_it_uses) {
    EXPECT_EQ(make_host(1, disk_backend::threads)->shard(0).files.description(), "threads");
    const std::string chosen = make_host(1)->shard(0).files.description();
    EXPECT_TRUE(chosen == "io_uring" || chosen.starts_with("threads (io_uring refused")) << chosen;
}

/// Makes io_uring_setup fail in this process, as the seccomp profiles of containers do.
void forbid_io_uring() {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{std::size(program), program};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
        std::_Exit(1);
    }
}

TEST(host, falls_back_to_threads_where_io_uring_is_forbidden_and_says_why) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(
        {
            forbid_io_uring();
            host_options only;
            only.disk = disk_backend::io_uring;
            EXPECT_FALSE(host::make(only).has_value());
            write_on_every_shard(disk_backend::automatic);
            const std::string used = make_host(1)->shard(0).files.description();
            std::fprintf(stderr, "uses %s\n", used.c_str());
            std::_Exit(testing::Test::HasFailure() ? 1 : 0);
        },
        testing::ExitedWithCode(0), "uses threads \\(io_uring refused \\(Operation not permitted\\)\\)");
}

TEST(host, the_first_stop_signal_is_handled_on_shard_0) {
    auto machine = make_host(2);
    bool handled = false;
    machine->on_stop_signal([&] {
        handled = machine->shard(0).loop.is_current();
        machine->stop();
    });
    machine->shard(1).loop.post([] { ::kill(::getpid(), SIGTERM); });
    machine->run();
    EXPECT_TRUE(handled);
}

TEST(host, the_second_stop_signal_kills) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(
        {
            auto machine = make_host(1);
            machine->on_stop_signal([] { ::kill(::getpid(), SIGTERM); });
            machine->shard(0).loop.post([] { ::kill(::getpid(), SIGTERM); });
            machine->run();
        },
        testing::KilledBySignal(SIGTERM), "");
}

TEST(host, randomness_differs_between_shards) {
    auto machine = make_host(2);
    EXPECT_NE(machine->shard(0).random.next(), machine->shard(1).random.next());
}

TEST(host, without_shards_is_refused) {
    host_options options;
    options.shards = 0;
    EXPECT_FALSE(host::make(options).has_value());
}

}  // namespace
}  // namespace logstore::env
