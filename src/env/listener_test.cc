// Connecting, listening and accepting.
#include <sys/resource.h>
#include <unistd.h>

#include "env/stream_fixture.h"

namespace logstore::env {
namespace {

using std::chrono::milliseconds;

TEST_F(stream_test, connecting_where_nobody_listens_fails) {
    const std::uint16_t port = listening->port();
    listening.reset();
    auto made = try_connect("127.0.0.1", port);
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, std::errc::connection_refused);
}

TEST_F(stream_test, names_are_resolved) {
    auto made = try_connect("localhost", listening->port());
    EXPECT_TRUE(made.has_value()) << made.error().message();
    auto unknown = try_connect("no-such-host.invalid", 1);
    EXPECT_FALSE(unknown.has_value());
}

TEST_F(stream_test, a_port_in_use_is_refused_unless_both_share_it) {
    socket_address at;
    at.host = "127.0.0.1";
    at.port = listening->port();
    auto refused = net.listen(at, false, [](std::unique_ptr<stream>) {});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, std::errc::address_in_use);
    auto first = listen_at(0, true);
    auto second = listen_at(first->port(), true);
    EXPECT_EQ(first->port(), second->port());
}

TEST_F(stream_test, a_listener_may_be_destroyed_from_its_callback) {
    socket_address at;
    at.host = "127.0.0.1";
    std::unique_ptr<listener> mine;
    bool called = false;
    auto made = net.listen(at, false, [&](std::unique_ptr<stream>) {
        called = true;
        mine.reset();
    });
    mine = std::move(*made);
    auto client = try_connect("127.0.0.1", mine->port());
    loop.run_until([&] { return called; });
    settle();
    EXPECT_EQ(mine, nullptr);
}

TEST_F(stream_test, without_descriptors_accepting_waits_and_goes_on) {
    const int peer = raw_connection();
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const int waiting = ::socket(AF_INET, SOCK_STREAM, 0);
    rlimit tight = before;
    tight.rlim_cur = rlim_t(waiting) + 1;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(listening->port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(waiting, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    settle(milliseconds(150));
    EXPECT_EQ(accepted.size(), 1u);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    loop.run_until([&] { return accepted.size() == 2; });
    ::close(peer);
    ::close(waiting);
}

TEST_F(stream_test, an_empty_host_listens_on_every_address) {
    socket_address at;
    auto made =
        net.listen(at, false, [this](std::unique_ptr<stream> s) { accepted.push_back(std::move(s)); });
    ASSERT_TRUE(made.has_value()) << made.error().message();
    auto client = try_connect("127.0.0.1", (*made)->port());
    ASSERT_TRUE(client.has_value());
    loop.run_until([&] { return !accepted.empty(); });
    EXPECT_TRUE(accepted[0]->peer().starts_with("127.0.0.1:")) << accepted[0]->peer();
}

TEST(socket_address, parses_hosts_and_ports) {
    EXPECT_EQ(socket_address::parse("localhost:9092")->host, "localhost");
    EXPECT_EQ(socket_address::parse("localhost:9092")->port, 9092);
    EXPECT_EQ(socket_address::parse("[::1]:80")->host, "::1");
    EXPECT_EQ(socket_address::parse("[::1]:80")->text(), "[::1]:80");
    EXPECT_EQ(socket_address::parse(":9092")->host, "");
    for (const char* wrong : {"", "host", "host:", "host:x", "host:1x", "host:65536", "host:-1", "::1:80",
                              "[::1]", "[]:1", "[::1:80", "a]:1", "[a]b]:1"}) {
        EXPECT_FALSE(socket_address::parse(wrong).has_value()) << wrong;
    }
}

}  // namespace
}  // namespace logstore::env
