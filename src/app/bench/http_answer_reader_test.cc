#include "app/bench/http_answer_reader.h"

#include <gtest/gtest.h>

namespace logstore::app::bench {
namespace {

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 4\r\n\r\nbody";

TEST(http_answer_reader, answers_come_whole_however_they_are_cut) {
    const std::string two =
        std::string(ok) + "HTTP/1.1 503 No\r\nContent-Length:0 \r\nConnection: Close\r\n\r\n";
    for (std::size_t cut = 1; cut < two.size(); ++cut) {
        http_answer_reader reader;
        std::vector<http_answer> read;
        for (const std::string& piece : {two.substr(0, cut), two.substr(cut)}) {
            reader.accept(bytes_of(piece));
            while (true) {
                auto one = reader.next();
                ASSERT_TRUE(one) << one.error();
                if (!*one) break;
                read.push_back(std::move(**one));
            }
        }
        ASSERT_EQ(read.size(), 2u) << cut;
        EXPECT_EQ(read[0].status, 200);
        EXPECT_EQ(read[0].body, "body");
        EXPECT_FALSE(read[0].closes);
        EXPECT_EQ(read[1].status, 503);
        EXPECT_EQ(read[1].body, "");
        EXPECT_TRUE(read[1].closes);
    }
}

TEST(http_answer_reader, an_answer_without_a_body_needs_no_length) {
    http_answer_reader reader;
    reader.accept(bytes_of("HTTP/1.1 204 No Content\r\n\r\n"));
    EXPECT_EQ(reader.next().value().value().status, 204);
    EXPECT_FALSE(reader.next().value());
}

TEST(http_answer_reader, what_it_cannot_read_is_an_error) {
    for (const std::string_view wrong :
         {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
          "\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
        http_answer_reader reader;
        reader.accept(bytes_of(wrong));
        const auto read = reader.next();
        EXPECT_TRUE(!read || (wrong.ends_with("20") && !*read)) << wrong;
    }
}

TEST(http_answer_reader, a_head_without_an_end_is_not_kept_for_ever) {
    http_answer_reader reader;
    const std::string much(http_answer_reader::head_bytes_max, 'x');
    reader.accept(bytes_of(much));
    EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace logstore::app::bench
