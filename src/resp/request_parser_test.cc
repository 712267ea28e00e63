#include "resp/request_parser.h"

#include <gtest/gtest.h>

namespace logstore::resp {
namespace {

using verdict = request_parser::verdict;
using words = std::vector<std::string>;

/// All requests in `bytes`, and at the end what is wrong with the next: "" when nothing is.
struct read_requests {
    std::vector<words> found;
    std::string problem;
};

read_requests read(std::string_view bytes, std::size_t step, request_limits limits = {}) {
    read_requests all;
    request_parser parser(limits);
    std::size_t begun = 0;
    for (std::size_t end = std::min(step, bytes.size()); begun < bytes.size();) {
        const verdict seen = parser.parse(bytes.substr(begun, end - begun));
        if (seen == verdict::bad) {
            all.problem = parser.problem();
            return all;
        }
        if (seen == verdict::whole) {
            all.found.emplace_back(parser.args().begin(), parser.args().end());
            begun += parser.used_bytes();
            parser.start_again();
        } else if (end == bytes.size()) {
            return all;
        } else {
            end = std::min(end + step, bytes.size());
        }
        end = std::max(end, begun);
    }
    return all;
}

class request_parser_test : public ::testing::TestWithParam<std::size_t> {
  protected:
    std::vector<words> requests(std::string_view bytes) {
        const auto all = read(bytes, GetParam());
        EXPECT_EQ(all.problem, "");
        return all.found;
    }
    std::string problem(std::string_view bytes, request_limits limits = {}) {
        return read(bytes, GetParam(), limits).problem;
    }
};

TEST_P(request_parser_test, arrays_of_bulks_are_requests_one_after_another) {
    EXPECT_EQ(requests("*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$3\r\na\r\n\r\n"),
              (std::vector<words>{{"PING"}, {"ECHO", "a\r\n"}}));
    EXPECT_EQ(requests("*2\r\n$0\r\n\r\n$2\r\n*1\r\n"), (std::vector<words>{{"", "*1"}}));
}

TEST_P(request_parser_test, any_byte_can_be_in_a_bulk) {
    std::string all_bytes;
    for (int i = 0; i < 256; ++i) all_bytes += static_cast<char>(i);
    EXPECT_EQ(requests("*1\r\n$256\r\n" + all_bytes + "\r\n"), (std::vector<words>{{all_bytes}}));
}

TEST_P(request_parser_test, an_empty_array_and_an_empty_line_ask_for_nothing) {
    EXPECT_EQ(requests("*0\r\n*-1\r\n\r\n  \r\n*1\r\n$1\r\nx\r\n"), (std::vector<words>{{}, {}, {}, {}, {"x"}}));
}

TEST_P(request_parser_test, a_line_is_a_request_of_words) {
    EXPECT_EQ(requests("SET  key value\r\nGET key\n"), (std::vector<words>{{"SET", "key", "value"}, {"GET", "key"}}));
    EXPECT_EQ(requests("SET k \"a b\\x41\\n\\\"\" 'c\\'d \\n'\r\n"),
              (std::vector<words>{{"SET", "k", "a bA\n\"", "c'd \\n"}}));
    EXPECT_EQ(requests("SET k \"\"\r\n"), (std::vector<words>{{"SET", "k", ""}}));
}

TEST_P(request_parser_test, what_is_no_request_is_refused_in_redis_words) {
    EXPECT_EQ(problem("*x\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(problem("*99999999999999999999\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(problem("*2000000\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(problem("*1\r\nPING\r\n"), "Protocol error: expected '$', got 'P'");
    EXPECT_EQ(problem("*1\r\n$x\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(problem("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(problem("*1\r\n$2147483648\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(problem("*1\r\n$9223372036854775807\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(problem("SET k \"open\r\n"), "Protocol error: unbalanced quotes in request");
    EXPECT_EQ(problem("SET k \"a\"b\r\n"), "Protocol error: unbalanced quotes in request");
}

TEST_P(request_parser_test, lines_requests_and_counts_have_limits) {
    request_limits small;
    small.request_bytes_max = 100;
    small.args_max = 10;
    small.line_bytes_max = 20;
    EXPECT_EQ(problem("PING 0123456789012345678\r\n", small), "Protocol error: too big inline request");
    EXPECT_EQ(problem("*0000000000000000000000001\r\n", small), "Protocol error: too big mbulk count string");
    EXPECT_EQ(problem("*1\r\n$0000000000000000000000001\r\n", small), "Protocol error: too big bulk count string");
    EXPECT_EQ(problem("*11\r\n", small), "Protocol error: invalid multibulk length");
    EXPECT_EQ(problem("*1\r\n$89\r\n", small), "");
    EXPECT_EQ(problem("*1\r\n$90\r\n", small), "Protocol error: invalid bulk length");
    // What is still to come counts.
    EXPECT_EQ(problem("*2\r\n$84\r\n", small), "Protocol error: invalid bulk length");
}

INSTANTIATE_TEST_SUITE_P(in_pieces_of, request_parser_test, ::testing::Values(1, 2, 3, 7, 1000));

TEST(request_parser, says_how_much_of_a_bulk_is_missing) {
    request_parser parser;
    EXPECT_EQ(parser.parse("*2\r\n$3\r\nGET\r\n$1000\r\nab"), verdict::need_bytes);
    EXPECT_EQ(parser.missing_bytes(), 1000u);
}

TEST(request_parser, the_rest_of_the_bytes_belongs_to_the_next_request) {
    request_parser parser;
    constexpr std::string_view bytes = "*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n";
    EXPECT_EQ(parser.parse(bytes), verdict::whole);
    EXPECT_EQ(parser.used_bytes(), bytes.size() / 2);
    EXPECT_EQ(parser.args().front().data(), bytes.data() + 8);
}

}  // namespace
}  // namespace logstore::resp
