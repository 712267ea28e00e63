#include "resp/reply_writer.h"

#include <gtest/gtest.h>

namespace logstore::resp {
namespace {

template <class Write>
std::string written(int protocol, Write write) {
    std::string bytes;
    reply_writer to(bytes, protocol);
    write(to);
    return bytes;
}

TEST(reply_writer, what_both_versions_have_is_the_same_in_both) {
    for (const int protocol : {2, 3}) {
        EXPECT_EQ(written(protocol, [](reply_writer& to) { to.ok(); }), "+OK\r\n");
        EXPECT_EQ(written(protocol, [](reply_writer& to) { to.simple("PONG"); }), "+PONG\r\n");
        EXPECT_EQ(written(protocol, [](reply_writer& to) { to.integer(-12); }), ":-12\r\n");
        EXPECT_EQ(written(protocol, [](reply_writer& to) { to.bulk("a\r\nb"); }), "$4\r\na\r\nb\r\n");
        EXPECT_EQ(written(protocol, [](reply_writer& to) { to.bulk(""); }), "$0\r\n\r\n");
        EXPECT_EQ(written(protocol, [](reply_writer& to) { to.array(2); }), "*2\r\n");
    }
}

TEST(reply_writer, what_is_new_in_version_3_is_written_for_version_2_as_its_clients_expect) {
    EXPECT_EQ(written(2, [](reply_writer& to) { to.null(); }), "$-1\r\n");
    EXPECT_EQ(written(3, [](reply_writer& to) { to.null(); }), "_\r\n");
    EXPECT_EQ(written(2, [](reply_writer& to) { to.null_array(); }), "*-1\r\n");
    EXPECT_EQ(written(3, [](reply_writer& to) { to.null_array(); }), "_\r\n");
    EXPECT_EQ(written(2, [](reply_writer& to) { to.map(3); }), "*6\r\n");
    EXPECT_EQ(written(3, [](reply_writer& to) { to.map(3); }), "%3\r\n");
    EXPECT_EQ(written(2, [](reply_writer& to) { to.set(3); }), "*3\r\n");
    EXPECT_EQ(written(3, [](reply_writer& to) { to.set(3); }), "~3\r\n");
    EXPECT_EQ(written(2, [](reply_writer& to) { to.text("a\r\n"); }), "$3\r\na\r\n\r\n");
    EXPECT_EQ(written(3, [](reply_writer& to) { to.text("a\r\n"); }), "=7\r\ntxt:a\r\n\r\n");
}

TEST(reply_writer, an_error_stays_on_one_line) {
    EXPECT_EQ(written(2, [](reply_writer& to) { to.error("ERR a\r\nb"); }), "-ERR a  b\r\n");
}

}  // namespace
}  // namespace logstore::resp
