#include "env/service_manager.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace logstore::env {
namespace {

/// Listens as systemd does, under `name`.
class service_manager : public testing::Test {
  protected:
    ~service_manager() override {
        ::unsetenv("NOTIFY_SOCKET");
        if (socket_ >= 0) ::close(socket_);
        if (!path_.empty()) ::unlink(path_.c_str());
    }

    void listen(const std::string& name) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, name.data(), name.size());
        if (name[0] == '@')
            address.sun_path[0] = '\0';
        else
            path_ = name;
        socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        ASSERT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), bytes), 0)
            << std::strerror(errno);
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    }

    /// What was told; empty if nothing was.
    std::string heard() {
        char text[64];
        const auto bytes = ::recv(socket_, text, sizeof text, 0);
        return bytes > 0 ? std::string(text, static_cast<std::size_t>(bytes)) : "";
    }

    const std::string unique_ = "logstore-service-manager-test-" + std::to_string(::getpid());

  private:
    int socket_ = -1;
    std::string path_;
};

TEST_F(service_manager, is_told_through_a_socket_in_the_file_system) {
    listen("/tmp/" + unique_);
    tell_service_manager("READY=1");
    EXPECT_EQ(heard(), "READY=1");
    EXPECT_EQ(heard(), "");
}

TEST_F(service_manager, is_told_through_an_abstract_socket) {
    listen("@" + unique_);
    tell_service_manager("STOPPING=1");
    EXPECT_EQ(heard(), "STOPPING=1");
}

TEST_F(service_manager, nothing_happens_where_nobody_listens) {
    tell_service_manager("READY=1");
    for (const std::string& name :
         {std::string("/nowhere/at/all"), std::string("relative"), std::string("/"), std::string(200, '/')}) {
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
        tell_service_manager("READY=1");
    }
}

}  // namespace
}  // namespace logstore::env
