// Partitions as streams.
#include "resp/stream_id.h"
#include "resp/testing/connection_fixture.h"

namespace logstore::resp {
namespace {

using namespace resp::testing;
using namespace std::chrono_literals;

class stream_commands : public connection_fixture {
  protected:
    /// As an entry of an answer.
    static std::string entry(int at, const words& fields) {
        return "*2\r\n" + bulk(std::to_string(at) + "-0") + bulks(fields);
    }
    void add(int count) {
        for (int i = 0; i < count; ++i) ask({"XADD", "events", "*", "v", "value" + std::to_string(i)});
    }
    static std::string entries(const std::vector<int>& which) {
        std::string all = "*" + std::to_string(which.size()) + "\r\n";
        for (const int i : which) all += entry(i, {"v", "value" + std::to_string(i)});
        return all;
    }
};

TEST_F(stream_commands, a_record_is_appended_with_key_value_and_headers_and_read_back) {
    EXPECT_EQ(ask({"XADD", "events", "*", "k", "key", "v", "value", "h", "x", "v", "second"}), bulk("0-0"));
    EXPECT_EQ(ask({"XADD", "events/0", "*", "message", "hello"}), bulk("1-0"));
    EXPECT_EQ(ask({"XADD", "events", "*", "a", "1", "b", "2"}), bulk("2-0"));
    EXPECT_EQ(ask({"XADD", "events", "*", "k", "only"}), bulk("3-0"));
    EXPECT_EQ(ask({"XLEN", "events"}), ":4\r\n");
    EXPECT_EQ(ask({"XRANGE", "events", "-", "+"}),
              "*4\r\n" + entry(0, {"k", "key", "v", "value", "h", "x", "v", "second"}) + entry(1, {"v", "hello"}) +
                  entry(2, {"a", "1", "b", "2"}) + entry(3, {"k", "only"}));
}

TEST_F(stream_commands, records_of_one_burst_are_one_batch) {
    std::string burst, expected;
    for (int i = 0; i < 50; ++i) {
        burst += request({"XADD", "events", "*", "v", "x"});
        expected += bulk(std::to_string(i) + "-0");
    }
    EXPECT_EQ(exchange(connect(), burst), expected);
    EXPECT_EQ(broker.appended.size(), 1u);
}

TEST_F(stream_commands, what_a_stream_cannot_do_is_refused_with_its_reason) {
    EXPECT_TRUE(ask({"XADD", "events", "1-1", "v", "x"}).starts_with("-ERR the id of a record is its offset"));
    EXPECT_TRUE(ask({"XADD", "events", "MAXLEN", "~", "10", "*", "v", "x"}).starts_with("-ERR records live as long"));
    EXPECT_EQ(ask({"XADD", "events", "*", "v", "x", "y"}), "-ERR wrong number of arguments for 'xadd' command\r\n");
    EXPECT_TRUE(ask({"XADD", "events/7", "*", "v", "x"}).starts_with("-ERR topic 'events' was deleted, or has no"));
    EXPECT_TRUE(ask({"XADD", "events/x", "*", "v", "x"}).starts_with("-ERR 'events/x' cannot be a topic"));
    EXPECT_EQ(ask({"XRANGE", "events", "x", "+"}),
              "-ERR Invalid stream ID specified as stream command argument\r\n");
    EXPECT_EQ(ask({"XRANGE", "events", "-", "+", "LIMIT", "3"}), "-ERR syntax error\r\n");
}

TEST_F(stream_commands, a_stream_that_is_not_there_is_empty_and_made_by_its_first_record) {
    EXPECT_EQ(ask({"XLEN", "made"}), ":0\r\n");
    EXPECT_EQ(ask({"XRANGE", "made", "-", "+"}), "*0\r\n");
    EXPECT_EQ(ask({"XADD", "made", "NOMKSTREAM", "*", "v", "x"}), "$-1\r\n");
    EXPECT_EQ(broker.topics()->find("made"), nullptr);
    EXPECT_EQ(ask({"XADD", "made", "*", "v", "x"}), bulk("0-0"));
    EXPECT_TRUE(broker.topics()->find("made")->configs.empty());
}

TEST_F(stream_commands, ranges_are_given_in_both_directions) {
    add(10);
    EXPECT_EQ(ask({"XRANGE", "events", "3", "5"}), entries({3, 4, 5}));
    EXPECT_EQ(ask({"XRANGE", "events", "(3-0", "(5-0"}), entries({4}));
    EXPECT_EQ(ask({"XRANGE", "events", "-", "+", "COUNT", "2"}), entries({0, 1}));
    EXPECT_EQ(ask({"XRANGE", "events", "8", "+"}), entries({8, 9}));
    EXPECT_EQ(ask({"XRANGE", "events", "20", "+"}), "*0\r\n");
    EXPECT_EQ(ask({"XRANGE", "events", "-", "+", "COUNT", "0"}), "*-1\r\n");
    EXPECT_EQ(ask({"XREVRANGE", "events", "+", "-", "COUNT", "3"}), entries({9, 8, 7}));
    EXPECT_EQ(ask({"XREVRANGE", "events", "5", "3"}), entries({5, 4, 3}));
    EXPECT_EQ(ask({"XREVRANGE", "events", "+", "-"}), entries({9, 8, 7, 6, 5, 4, 3, 2, 1, 0}));
    broker.at("events").log_start = offset(4);
    EXPECT_EQ(ask({"XRANGE", "events", "-", "5"}), entries({4, 5}));
    EXPECT_EQ(ask({"XREVRANGE", "events", "5", "-"}), entries({5, 4}));
    EXPECT_EQ(ask({"XLEN", "events"}), ":6\r\n");
}

TEST_F(stream_commands, a_range_above_the_limit_of_an_answer_asks_for_a_count) {
    options.answer_bytes_max = 100'000;
    for (int i = 0; i < 30; ++i) ask({"XADD", "events", "*", "v", std::string(10'000, 'x')});
    EXPECT_TRUE(ask({"XRANGE", "events", "-", "+"}).starts_with("-ERR these records are larger than 100000 bytes"));
    EXPECT_TRUE(ask({"XREVRANGE", "events", "+", "-"}).starts_with("-ERR these records are larger than"));
    EXPECT_TRUE(ask({"XRANGE", "events", "-", "+", "COUNT", "5"}).starts_with("*5\r\n"));
    EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
}

TEST_F(stream_commands, a_reader_goes_on_behind_what_it_has_seen) {
    add(4);
    EXPECT_EQ(ask({"XREAD", "COUNT", "2", "STREAMS", "events", "0"}), "*1\r\n*2\r\n" + bulk("events") + entries({0, 1}));
    EXPECT_EQ(ask({"XREAD", "STREAMS", "events", "0-0"}), "*1\r\n*2\r\n" + bulk("events") + entries({1, 2, 3}));
    EXPECT_EQ(ask({"XREAD", "STREAMS", "events", "3-0"}), "*-1\r\n");
    EXPECT_EQ(ask({"XREAD", "STREAMS", "events", "$"}), "*-1\r\n");
    EXPECT_EQ(ask({"XREAD", "STREAMS", "users", "events", "0", "2-0"}), "*1\r\n*2\r\n" + bulk("events") + entries({3}));
    EXPECT_EQ(ask3({"XREAD", "STREAMS", "events", "2-0"}), "%1\r\n" + bulk("events") + entries({3}));
    EXPECT_TRUE(ask({"XREAD", "STREAMS", "events", "0", "users"}).starts_with("-ERR Unbalanced XREAD list of streams"));
    EXPECT_EQ(ask({"XREAD", "BLOCK", "x", "STREAMS", "events", "0"}),
              "-ERR timeout is not an integer or out of range\r\n");
    EXPECT_EQ(ask({"XREAD", "STREAMS", "events", "x"}),
              "-ERR Invalid stream ID specified as stream command argument\r\n");
}

TEST_F(stream_commands, a_reader_that_waits_is_woken_by_the_next_record) {
    stream_end& reader = connect();
    EXPECT_EQ(exchange(reader, request({"XREAD", "BLOCK", "0", "STREAMS", "events", "$"}) + request({"PING"})), "");
    EXPECT_EQ(broker.data_waiters(), 1u);
    ask({"XADD", "events", "*", "v", "value0"});
    run();
    EXPECT_EQ(text(reader.sent()), "*1\r\n*2\r\n" + bulk("events") + entries({0}) + "+PONG\r\n");
}

TEST_F(stream_commands, a_reader_waits_no_longer_than_it_said_nor_for_a_client_that_went) {
    stream_end& reader = connect();
    exchange(reader, request({"XREAD", "BLOCK", "500", "STREAMS", "events", "$"}));
    world.advance(400ms);
    EXPECT_EQ(text(reader.sent()), "");
    world.advance(200ms);
    EXPECT_EQ(text(reader.sent()), "*-1\r\n");
    stream_end& gone = connect();
    exchange(gone, request({"XREAD", "BLOCK", "0", "STREAMS", "events", "$"}));
    EXPECT_EQ(broker.data_waiters(), 1u);
    gone.close();
    run();
    EXPECT_EQ(broker.data_waiters(), 0u);
    EXPECT_EQ(connections.size(), 1u);
}

TEST_F(stream_commands, a_reader_waits_for_a_stream_that_is_not_there_yet) {
    stream_end& reader = connect();
    reader.deliver(bytes_of(request({"XREAD", "BLOCK", "0", "STREAMS", "later", "0"})));
    world.advance(300ms);
    ask({"XADD", "later", "*", "v", "value0"});
    world.advance(300ms);
    EXPECT_EQ(text(reader.sent()), "*1\r\n*2\r\n" + bulk("later") + entries({0}));
}

TEST(stream_id, bounds_are_offsets) {
    EXPECT_EQ(first_offset_in("-"), 0);
    EXPECT_EQ(first_offset_in("5"), 5);
    EXPECT_EQ(first_offset_in("5-0"), 5);
    EXPECT_EQ(first_offset_in("5-1"), 6);
    EXPECT_EQ(first_offset_in("(5"), 6);
    EXPECT_EQ(last_offset_in("5"), 5);
    EXPECT_EQ(last_offset_in("5-0"), 5);
    EXPECT_EQ(last_offset_in("(5-0"), 4);
    EXPECT_EQ(last_offset_in("(5-1"), 5);
    EXPECT_EQ(next_offset_behind("0"), 0);
    EXPECT_EQ(next_offset_behind("0-0"), 1);
    EXPECT_EQ(next_offset_behind("7"), 8);
    for (const char* bad : {"", "x", "1-", "-1", "1-x", "((1", "1.5"}) {
        EXPECT_FALSE(first_offset_in(bad).has_value()) << bad;
        EXPECT_FALSE(next_offset_behind(bad).has_value()) << bad;
    }
    EXPECT_GT(*first_offset_in("18446744073709551615"), 0);
}

}  // namespace
}  // namespace logstore::resp
