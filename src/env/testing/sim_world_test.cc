#include "env/testing/sim_world.h"

#include <gtest/gtest.h>

namespace logstore::env {
namespace {

using namespace std::chrono_literals;

task<result<>> write_file(environment world, std::string path, std::string text) {
    auto options = open_options::read_write();
    options.creating();
    auto opened = co_await world.files.open(path, options);
    if (!opened) co_return std::unexpected(opened.error());
    const auto made = std::move(*opened);
    auto written = co_await made->write_durably(0, bytes_of(text));
    if (!written) co_return written;
    auto synced = co_await world.files.sync_directory("/");
    co_return synced;
}

TEST(sim_world, shards_share_one_disk_and_have_their_own_executors_and_randomness) {
    sim_world world(1, 2);
    ASSERT_TRUE(world.run(write_file(world.shard(0), "file", "content"), 0));
    EXPECT_TRUE(*world.run(world.shard(1).files.exists("file"), 1));
    EXPECT_NE(world.shard(0).random.next(), world.shard(1).random.next());
    EXPECT_NE(&world.shard(0).loop, &world.shard(1).loop);
}

TEST(sim_world, a_crash_ends_the_process_and_the_next_one_finds_what_was_durable) {
    sim_world world(1, 2);
    auto old = world.shard(0);
    ASSERT_TRUE(world.run(write_file(old, "file", "content")));
    world.crash(5);
    EXPECT_EQ(world.run(old.files.exists("file")).error().code.value(), ENODEV);
    EXPECT_TRUE(*world.run(world.shard(0).files.exists("file")));
    EXPECT_EQ(text_of(*world.disk().contents("file")), "content");
}

TEST(sim_world, machines_have_their_own_disks_and_dates) {
    sim_world world;
    auto& other = world.add_node("other", 3);
    ASSERT_TRUE(world.run(write_file(world.shard(), "file", "content")));
    EXPECT_FALSE(*run(other.loop(2), other.shard(2).files.exists("file")));
    const auto date = world.time().wall_now();
    other.time().jump_wall(24h);
    EXPECT_EQ(world.time().wall_now(), date);
    EXPECT_EQ(other.time().wall_now() - date, 24 * 3600 * 1000);
}

/// Two machines talk, write and crash; everything that happened, as one number.
std::uint64_t hash_of_a_life(std::uint64_t seed) {
    struct echo : stream_handler {
        stream* to = nullptr;
        std::size_t received = 0;
        void on_received(bytes_view bytes) override {
            received += bytes.size();
            if (received > 20'000) return;
            to->send(shared_bytes(byte_vector(bytes.begin(), bytes.end())));
            to->flush();
        }
        void on_closed(error) override {}
    };
    sim_world world(seed, 2);
    auto& client = world.add_node("client");
    echo at_server;
    echo at_client;
    std::unique_ptr<stream> server_stream;
    socket_address at;
    at.port = 9092;
    auto listening = world.shard(0).net.listen(at, true, [&](std::unique_ptr<stream> one) {
        server_stream = std::move(one);
        at_server.to = server_stream.get();
        server_stream->start(at_server);
    });
    at.host = "node-0";
    auto client_stream = std::move(*run(client.loop(), client.shard().net.connect(at)));
    at_client.to = client_stream.get();
    client_stream->start(at_client);
    client_stream->send(shared_bytes(byte_vector(5'000)));
    client_stream->flush();
    auto one = world.start(write_file(world.shard(0), "one", "1"), 0);
    auto two = world.start(write_file(world.shard(1), "two", "2"), 1);
    world.run_until_idle();
    world.crash(seed);
    world.run_until_idle();
    const auto passed = static_cast<std::uint64_t>(world.scheduler().now().time_since_epoch().count());
    return world.disk().trace_hash() ^ passed ^ (world.scheduler().steps() << 40);
}

TEST(sim_world, a_life_is_the_same_for_the_same_seed_and_another_for_another) {
    EXPECT_EQ(hash_of_a_life(11), hash_of_a_life(11));
    EXPECT_NE(hash_of_a_life(11), hash_of_a_life(12));
}

}  // namespace
}  // namespace logstore::env
