// One connection: order, what overlaps, limits, the end.
#include "resp/testing/connection_fixture.h"

namespace logstore::resp {
namespace {

using namespace resp::testing;

class connection_test : public connection_fixture {};

TEST_F(connection_test, commands_of_the_connection_are_answered_as_redis_does) {
    EXPECT_EQ(ask({"PING"}), "+PONG\r\n");
    EXPECT_EQ(ask({"ping", "hi"}), "$2\r\nhi\r\n");
    EXPECT_EQ(ask({"ECHO", "a\r\nb"}), "$4\r\na\r\nb\r\n");
    EXPECT_EQ(ask({"SELECT", "0"}), "+OK\r\n");
    EXPECT_EQ(ask({"SELECT", "1"}), "-ERR DB index is out of range\r\n");
    EXPECT_EQ(ask({"SELECT", "x"}), "-ERR value is not an integer or out of range\r\n");
    EXPECT_EQ(ask({"CLIENT", "GETNAME"}), "$-1\r\n");
    EXPECT_EQ(ask({"CLIENT", "SETNAME", "me"}), "+OK\r\n");
    EXPECT_EQ(ask({"CLIENT", "GETNAME"}), bulk("me"));
    EXPECT_TRUE(ask({"CLIENT", "SETNAME", "a b"}).starts_with("-ERR Client names cannot contain spaces"));
    EXPECT_EQ(ask({"CLIENT", "SETINFO", "LIB-NAME", "redis-py"}), "+OK\r\n");
    EXPECT_EQ(ask({"CLIENT", "ID"}), ":1\r\n");
    EXPECT_NE(ask({"CLIENT", "LIST"}).find("name=me"), std::string::npos);
    EXPECT_EQ(ask({"RESET"}), "+RESET\r\n");
    EXPECT_EQ(ask({"CLIENT", "GETNAME"}), "$-1\r\n");
}

TEST_F(connection_test, passwords_are_refused_as_redis_without_any_does) {
    EXPECT_TRUE(ask({"AUTH", "x"}).starts_with("-ERR AUTH <password> called without any password configured"));
    EXPECT_EQ(ask({"AUTH", "default", "x"}), "+OK\r\n");
    EXPECT_TRUE(ask({"AUTH", "somebody", "x"}).starts_with("-WRONGPASS "));
    EXPECT_TRUE(ask({"HELLO", "2", "AUTH", "somebody", "x"}).starts_with("-WRONGPASS "));
}

TEST_F(connection_test, hello_chooses_the_protocol_of_its_own_answer_and_of_all_behind_it) {
    EXPECT_TRUE(ask({"HELLO"}).starts_with("*14\r\n$6\r\nserver\r\n"));
    EXPECT_EQ(ask({"HELLO", "4"}), "-NOPROTO unsupported protocol version\r\n");
    EXPECT_EQ(ask({"HELLO", "x"}), "-ERR Protocol version is not an integer or out of range\r\n");
    EXPECT_EQ(ask({"GET", "nothing"}), "$-1\r\n");
    EXPECT_TRUE(ask({"HELLO", "3", "SETNAME", "me"}).starts_with("%7\r\n$6\r\nserver\r\n"));
    EXPECT_EQ(ask({"GET", "nothing"}), "_\r\n");
    EXPECT_EQ(ask({"CLIENT", "GETNAME"}), bulk("me"));
    EXPECT_EQ(ask({"HELLO", "3", "WHAT"}), "-ERR Syntax error in HELLO option 'WHAT'\r\n");
}

TEST_F(connection_test, what_is_not_known_is_refused_in_redis_words) {
    EXPECT_EQ(ask({"FOO"}), "-ERR unknown command 'FOO', with args beginning with: \r\n");
    EXPECT_EQ(ask({"foo", "a", "b c"}), "-ERR unknown command 'foo', with args beginning with: 'a' 'b c' \r\n");
    EXPECT_EQ(ask({"GET"}), "-ERR wrong number of arguments for 'get' command\r\n");
    EXPECT_EQ(ask({"HSET", "users", "f"}), "-ERR wrong number of arguments for 'hset' command\r\n");
    EXPECT_EQ(ask({"HSET", "users", "f", "v", "g"}), "-ERR wrong number of arguments for 'hset' command\r\n");
    EXPECT_EQ(ask({"CLIENT", "WHAT"}), "-ERR unknown subcommand 'WHAT'. Try CLIENT HELP.\r\n");
    EXPECT_EQ(ask({"CLIENT", "SETNAME"}), "-ERR wrong number of arguments for 'client|setname' command\r\n");
    EXPECT_EQ(metrics.unknown_commands, 2u);
}

TEST_F(connection_test, clients_can_ask_what_commands_there_are) {
    EXPECT_EQ(ask({"COMMAND", "COUNT"}), ":" + std::to_string(command_table().size()) + "\r\n");
    EXPECT_EQ(ask({"COMMAND", "INFO", "get", "nothing"}),
              "*2\r\n*10\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n*0\r\n*0\r\n*0\r\n*0\r\n*-1\r\n");
    EXPECT_TRUE(ask({"COMMAND"}).starts_with("*" + std::to_string(command_table().size()) + "\r\n"));
    EXPECT_TRUE(ask({"COMMAND", "DOCS", "get"}).starts_with("*2\r\n$3\r\nget\r\n*6\r\n$7\r\nsummary\r\n"));
    EXPECT_NE(ask({"INFO"}).find("loading:0"), std::string::npos);
    EXPECT_EQ(ask({"INFO", "replication"}), bulk("# Replication\r\nrole:master\r\nconnected_slaves:0\r\n"));
    EXPECT_EQ(ask({"CONFIG", "GET", "save"}), "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
}

TEST_F(connection_test, replies_come_in_the_order_of_the_commands_however_they_arrive) {
    const std::string all = request({"HSET", "users", "a", "1"}) + request({"HGET", "users", "a"}) +
                            request({"PING"}) + request({"HSET", "users", "a", "2"}) + "HGET users a\r\n" +
                            request({"NOTHING"}) + request({"HLEN", "users"}) + request({"ECHO", "end"});
    const std::string expected = ":1\r\n" + bulk("1") + "+PONG\r\n:0\r\n" + bulk("2") +
                                 "-ERR unknown command 'NOTHING', with args beginning with: \r\n:1\r\n" + bulk("end");
    EXPECT_EQ(exchange(connect(), all), expected);
    broker.at("users").keys.clear();
    stream_end& dripping = connect();
    std::string answers;
    for (const char c : all) answers += exchange(dripping, std::string_view(&c, 1));
    EXPECT_EQ(answers, expected);
}

TEST_F(connection_test, reads_that_arrive_together_are_one_read) {
    broker.put_key("users", 0, "a", "1", timestamp_ms(1));
    broker.put_key("users", 0, "b", "22", timestamp_ms(1));
    EXPECT_EQ(exchange(connect(), request({"HGET", "users", "a"}) + request({"HMGET", "users", "b", "c"}) +
                                      request({"HSTRLEN", "users", "b"}) + request({"HEXISTS", "users", "c"})),
              bulk("1") + "*2\r\n" + bulk("22") + "$-1\r\n:2\r\n:0\r\n");
    ASSERT_EQ(broker.key_reads.size(), 1u);
    EXPECT_EQ(broker.key_reads[0].keys.size(), 5u);
    EXPECT_EQ(metrics.key_reads, 5u);
    EXPECT_EQ(metrics.key_hits, 3u);
}

TEST_F(connection_test, writes_are_under_way_together_and_a_read_waits_for_them) {
    broker.holds_keys = true;
    stream_end& end = connect();
    EXPECT_EQ(exchange(end, request({"HSET", "users", "a", "1"})), "");
    EXPECT_EQ(exchange(end, request({"HSET", "users", "b", "2"}) + request({"HGET", "users", "a"}) +
                                request({"HSET", "users", "c", "3"})),
              "");
    EXPECT_EQ(broker.key_writes.size(), 2u);
    EXPECT_EQ(broker.key_reads.size(), 0u);
    broker.let_keys_go();
    run();
    EXPECT_EQ(text(end.sent()), ":1\r\n:1\r\n");
    EXPECT_EQ(broker.key_reads.size(), 1u);
    EXPECT_EQ(broker.key_writes.size(), 2u);  // it would be seen by the read before it
    broker.let_keys_go();
    run();
    EXPECT_EQ(text(end.sent()), bulk("1"));
    EXPECT_EQ(broker.key_writes.size(), 3u);
}

TEST_F(connection_test, writes_of_one_burst_leave_in_one_batch_and_their_replies_in_one_send) {
    stream_end& end = connect();
    std::string burst;
    for (int i = 0; i < 100; ++i) burst += request({"HSET", "users", "key" + std::to_string(i), "v"});
    std::string expected;
    for (int i = 0; i < 100; ++i) expected += ":1\r\n";
    EXPECT_EQ(exchange(end, burst), expected);
    EXPECT_EQ(broker.key_writes.size(), 1u);
    EXPECT_EQ(end.flushes(), 1u);
}

TEST_F(connection_test, what_is_no_request_is_answered_and_ends_the_connection) {
    stream_end& end = connect();
    EXPECT_EQ(exchange(end, request({"HSET", "users", "a", "1"}) + "*1\r\n$-5\r\nwhatever"),
              ":1\r\n-ERR Protocol error: invalid bulk length\r\n");
    EXPECT_TRUE(end.is_closed());
    EXPECT_EQ(metrics.connections_closed_as_invalid, 1u);
    EXPECT_TRUE(connections.empty());
}

TEST_F(connection_test, quit_is_answered_and_nothing_behind_it_is_done) {
    stream_end& end = connect();
    EXPECT_EQ(exchange(end, request({"QUIT"}) + request({"HSET", "users", "a", "1"})), "+OK\r\n");
    EXPECT_TRUE(end.is_closed());
    EXPECT_TRUE(broker.key_writes.empty());
}

TEST_F(connection_test, a_write_of_which_nobody_knows_is_not_answered_and_ends_the_connection) {
    broker.key_failures = {tablet_errc::ok, tablet_errc::outcome_unknown};
    broker.holds_keys = true;
    stream_end& end = connect();
    end.deliver(bytes_of(request({"HSET", "users", "a", "1"})));
    run();
    end.deliver(bytes_of(request({"HSET", "users", "b", "1"})));
    run();
    end.deliver(bytes_of(request({"HSET", "users", "c", "1"})));
    run();
    broker.let_keys_go();
    run();
    EXPECT_EQ(text(end.sent()), ":1\r\n");
    EXPECT_TRUE(end.is_closed());
    EXPECT_EQ(metrics.connections_closed_unanswered, 1u);
}

TEST_F(connection_test, a_client_that_shuts_its_side_gets_its_answers) {
    stream_end& end = connect();
    end.deliver(bytes_of(request({"HSET", "users", "a", "1"}) + request({"HGET", "users", "a"})));
    end.finish_sending();
    run();
    EXPECT_EQ(text(end.sent()), ":1\r\n" + bulk("1"));
    EXPECT_TRUE(end.is_closed());
}

TEST_F(connection_test, a_client_that_goes_while_its_write_is_under_way_leaves_nothing_behind) {
    broker.holds_keys = true;
    stream_end& end = connect();
    exchange(end, request({"HSET", "users", "a", "1"}) + request({"HGET", "users", "a"}));
    end.close();
    run();
    EXPECT_EQ(connections.size(), 1u);
    broker.let_keys_go();
    run();
    EXPECT_TRUE(connections.empty());
    EXPECT_EQ(broker.at("users").keys.size(), 1u);
}

TEST_F(connection_test, finishing_answers_what_is_under_way_and_takes_no_more) {
    broker.holds_keys = true;
    stream_end& end = connect();
    stream_end& idle = connect();
    exchange(end, request({"HSET", "users", "a", "1"}) + request({"HGET", "users", "a"}));
    for (const auto& one : connections) one->finish();
    run();
    EXPECT_TRUE(idle.is_closed());
    EXPECT_FALSE(end.is_closed());
    broker.let_keys_go();
    run();
    EXPECT_EQ(text(end.sent()), ":1\r\n");
    EXPECT_TRUE(end.is_closed());
}

TEST_F(connection_test, idle_and_dripping_clients_are_closed_and_waiting_ones_are_not) {
    stream_end& idle = connect();
    stream_end& dripping = connect();
    stream_end& waiting = connect();
    exchange(dripping, "*2\r\n$3\r\nGET");
    exchange(waiting, request({"XREAD", "BLOCK", "0", "STREAMS", "events", "$"}));
    tick(3);
    EXPECT_TRUE(dripping.is_closed());
    EXPECT_FALSE(idle.is_closed());
    tick(3);
    EXPECT_TRUE(idle.is_closed());
    EXPECT_FALSE(waiting.is_closed());
    EXPECT_EQ(metrics.connections_closed_as_idle, 2u);
}

TEST_F(connection_test, a_client_that_does_not_read_is_not_listened_to_and_then_closed) {
    options.unsent_bytes_soft_max = 1000;
    stream_end& end = connect();
    end.take_at_most(0);
    for (int i = 0; i < 100; ++i) exchange(end, request({"ECHO", std::string(1000, 'x')}));
    EXPECT_TRUE(end.is_paused());
    EXPECT_LT(end.pending_bytes(), 3000u);
    tick(4);
    EXPECT_TRUE(end.is_closed());
    EXPECT_EQ(metrics.connections_closed_as_stalled, 1u);
}

TEST_F(connection_test, input_that_waits_for_a_write_is_bounded) {
    broker.holds_keys = true;
    stream_end& end = connect();
    exchange(end, request({"HSET", "users", "a", "1"}) + request({"HGET", "users", "a"}));
    for (int i = 0; i < 100; ++i) exchange(end, request({"HGET", "users", std::string(1000, 'k')}));
    EXPECT_TRUE(end.is_paused());
    EXPECT_GT(end.waiting_bytes(), 70'000u);
    broker.holds_keys = false;
    broker.let_keys_go();
    run();
    EXPECT_FALSE(end.is_paused());
    EXPECT_EQ(end.waiting_bytes(), 0u);
    std::string expected = ":1\r\n" + bulk("1");
    for (int i = 0; i < 100; ++i) expected += "$-1\r\n";
    EXPECT_EQ(text(end.sent()), expected);
}

TEST_F(connection_test, without_memory_a_large_request_ends_the_connection_with_an_error) {
    limit_options.request_bytes = 64 << 10;
    stream_end& end = connect();
    const std::string answer = exchange(end, request({"HSET", "users", "a", std::string(1 << 20, 'v')}));
    EXPECT_TRUE(answer.starts_with("-ERR the server has no memory for this request"));
    EXPECT_TRUE(end.is_closed());
    EXPECT_EQ(exchange(connect(), request({"PING"})), "+PONG\r\n");
}

TEST_F(connection_test, input_behind_what_is_no_request_is_not_collected) {
    broker.holds_keys = true;
    stream_end& end = connect();
    exchange(end, request({"HSET", "users", "a", "1"}) + "*1\r\n!");
    for (int i = 0; i < 100; ++i) exchange(end, std::string(1000, 'x'));
    EXPECT_GT(end.waiting_bytes(), 70'000u);
    broker.let_keys_go();
    run();
    EXPECT_EQ(text(end.sent()), ":1\r\n-ERR Protocol error: expected '$', got '!'\r\n");
}

TEST_F(connection_test, an_error_of_a_request_is_no_answer_to_a_write_before_it) {
    limit_options.request_bytes = 64 << 10;
    broker.holds_keys = true;
    stream_end& end = connect();
    exchange(end, request({"HSET", "users", "a", "1"}) + request({"HSET", "users", "b", std::string(1 << 20, 'v')}));
    EXPECT_EQ(text(end.sent()), "");
    broker.let_keys_go();
    run();
    EXPECT_EQ(text(end.sent()), ":1\r\n");
    EXPECT_TRUE(end.is_closed());
}

TEST_F(connection_test, values_larger_than_a_little_are_read_one_command_after_another) {
    const std::string large(100'000, 'x');
    for (const char* key : {"a", "b", "c"}) broker.put_key("users", 0, key, large, timestamp_ms(1));
    std::string burst, expected;
    for (const char* key : {"a", "b", "c"}) {
        burst += request({"HGET", "users", key});
        expected += bulk(large);
    }
    EXPECT_EQ(exchange(connect(), burst), expected);
}

TEST_F(connection_test, an_answer_has_a_limit_and_what_is_behind_it_is_answered) {
    const std::string large(100'000, 'x');
    for (const char* key : {"a", "b", "c"}) broker.put_key("users", 0, key, large, timestamp_ms(1));
    options.answer_bytes_max = 250'000;
    EXPECT_EQ(exchange(connect(), request({"HMGET", "users", "a", "b", "c"}) + request({"HGET", "users", "a"})),
              "-ERR the key, or the answer, is above its limit; ask for less at a time\r\n" + bulk(large));
}

}  // namespace
}  // namespace logstore::resp
