// A connection: order, pipelining, outcomes, limits, time, the end.
#include "http/connection.h"

#include "http/testing/connection_fixture.h"
#include "kafka/protocol/record.h"

namespace logstore::http {
namespace {

using namespace http::testing;

class connection_test : public connection_fixture {
  protected:
    /// Delivers byte by byte.
    std::string drip(stream_end& to, std::string_view request) {
        std::string answers;
        for (const char byte : request) answers += exchange(to, std::string_view(&byte, 1));
        return answers;
    }
    void give(stream_end& to, std::string_view bytes) {
        to.deliver(bytes_of(bytes));
        run();
    }
};

// --- appends

TEST_F(connection_test, an_append_is_answered_with_its_place_once_it_is_durable) {
    broker.holds_appends = true;
    stream_end& client = connect();
    EXPECT_EQ(exchange(client, append("v")), "");
    ASSERT_EQ(broker.held(), 1u);
    broker.complete_all();
    run();
    const auto answers = answers_in(text(client.sent()));
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].status, 200);
    EXPECT_EQ(answers[0].body, "{\"topic\":\"events\",\"partition\":0,\"offset\":0}\n");
    EXPECT_FALSE(client.is_closed());
    EXPECT_EQ(metrics.of(route::append, 200), 1u);
}

TEST_F(connection_test, requests_may_come_byte_by_byte) {
    stream_end& client = connect();
    EXPECT_EQ(answers_in(drip(client, append("one") + append("two") + get("/health/live"))).size(), 3u);
    EXPECT_EQ(broker.appended.size(), 2u);
}

TEST_F(connection_test, appends_overlap_and_are_answered_in_order_in_one_flush) {
    broker.holds_appends = true;
    stream_end& client = connect();
    EXPECT_EQ(exchange(client, append("0") + append("1") + append("2") + get("/read?topic=events")), "");
    ASSERT_EQ(broker.held(), 3u);
    const std::size_t flushes = client.flushes();
    broker.complete(1);
    broker.end_burst();
    run();
    EXPECT_EQ(client.sent_bytes(), 0u) << "the first one is not done";
    broker.complete_all();
    run();
    const auto answers = answers_in(text(client.sent()));
    ASSERT_EQ(answers.size(), 4u);
    EXPECT_TRUE(answers[0].has("\"offset\":1")) << answers[0].body;
    EXPECT_TRUE(answers[1].has("\"offset\":0"));
    EXPECT_TRUE(answers[3].has("\"value\":\"1\"") && answers[3].has("\"high_watermark\":3"));
    EXPECT_LE(client.flushes() - flushes, 2u);
}

TEST_F(connection_test, an_unknown_outcome_closes_the_connection_in_the_place_of_its_answer) {
    broker.holds_appends = true;
    stream_end& client = connect();
    give(client, append("0") + append("1") + append("2"));
    append_outcome unknown;
    unknown.code = tablet_errc::outcome_unknown;
    broker.complete(0);
    broker.complete(0, unknown);
    broker.complete(0);
    broker.end_burst();
    run();
    EXPECT_EQ(answers_in(text(client.sent())).size(), 1u);
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(metrics.connections_closed_unanswered, 1u);
}

TEST_F(connection_test, a_list_with_one_unknown_outcome_gets_no_answer) {
    broker.add_topic("wide", 2);
    append_outcome unknown;
    unknown.code = tablet_errc::outcome_unknown;
    broker.outcomes = {{}, unknown};
    stream_end& client = connect();
    EXPECT_EQ(
        exchange(client, post("/topics/wide/records",
                              R"({"records":[{"value":"","partition":0},{"value":"","partition":1}]})")),
        "");
    EXPECT_TRUE(client.is_closed());
}

TEST_F(connection_test, certain_failures_are_told_and_the_connection_goes_on) {
    const std::pair<tablet_errc, int> cases[] = {
        {tablet_errc::unknown_tablet, 404}, {tablet_errc::batch_too_large, 413},
        {tablet_errc::invalid_batch, 400},  {tablet_errc::storage_unavailable, 507},
        {tablet_errc::storage_error, 500},  {tablet_errc::stopping, 503}};
    stream_end& client = connect();
    for (const auto& [code, status] : cases) {
        append_outcome failed;
        failed.code = code;
        broker.outcomes = {failed};
        const auto answers = answers_in(exchange(client, append("v")));
        ASSERT_EQ(answers.size(), 1u);
        EXPECT_EQ(answers[0].status, status);
        EXPECT_EQ(answers[0].has("Retry-After: "), status == 503 || status == 507);
    }
    EXPECT_EQ(answers_in(exchange(client, append("v"))).at(0).status, 200);
}

TEST_F(connection_test, a_list_makes_one_batch_for_each_partition_and_tells_what_failed) {
    broker.add_topic("wide", 3);
    append_outcome full;
    full.code = tablet_errc::storage_unavailable;
    broker.outcomes = {{}, full};
    const auto answer =
        ask(post("/topics/wide/records", R"({"partition":1,"records":[{"value":"a","partition":0},)"
                                         R"({"value":"b"},{"value":"c","partition":0}]})"));
    EXPECT_EQ(answer.status, 207);
    EXPECT_EQ(broker.appended.size(), 2u);
    EXPECT_TRUE(answer.body.starts_with(
        R"({"topic":"wide","records":[{"partition":0,"offset":0},{"partition":1,"error":)"))
        << answer.body;
    EXPECT_TRUE(answer.body.ends_with("{\"partition\":0,\"offset\":1}]}\n")) << answer.body;
}

TEST_F(connection_test, the_batch_of_a_remote_tablet_is_kept_until_it_is_done) {
    broker.remote = {broker.tablet_of("events")};
    broker.holds_appends = true;
    stream_end& client = connect();
    give(client, append("kept"));
    give(client, std::string(append("another")));
    broker.complete_all();  // the broker looks at the bytes again
    run();
    EXPECT_EQ(answers_in(text(client.sent())).size(), 2u);
}

TEST_F(connection_test, a_topic_is_made_on_first_use_where_that_is_allowed) {
    stream_end& client = connect();
    EXPECT_EQ(answers_in(exchange(client, append("v", "fresh") + append("w", "fresh"))).size(), 2u);
    EXPECT_EQ(broker.at("fresh").end, next_offset(2));
    EXPECT_EQ(refusal(append("v", "not/legal")), "400 invalid_topic_name");
    broker.topic_failures.push_back(error(cluster::errc::no_space));
    EXPECT_EQ(refusal(append("v", "fresher")), "507 no_space");
    options.auto_create_topics = false;
    EXPECT_EQ(refusal(append("v", "never")), "404 unknown_topic");
}

TEST_F(connection_test, a_topic_that_another_client_is_making_is_waited_for) {
    broker.topic_failures.push_back(error(cluster::errc::topic_exists));
    world.loop().start_timer(world.time().now() + std::chrono::milliseconds(10),
                             [this] { broker.add_topic("fresh"); });
    stream_end& client = connect();
    EXPECT_EQ(exchange(client, append("v", "fresh")), "");
    world.advance(std::chrono::milliseconds(20));
    EXPECT_EQ(answers_in(text(client.sent())).at(0).status, 200);
    EXPECT_EQ(broker.at("fresh").end, next_offset(1));
    broker.topic_failures.push_back(error(cluster::errc::topic_exists));
    EXPECT_EQ(exchange(client, append("v", "never")), "");
    world.advance(std::chrono::seconds(10));
    EXPECT_TRUE(answers_in(text(client.sent())).at(0).has("topic_exists"));
}

TEST_F(connection_test, a_topic_that_may_have_been_made_closes_the_connection) {
    broker.topic_failures.push_back(error(cluster::errc::unknown_outcome));
    stream_end& client = connect();
    EXPECT_EQ(exchange(client, append("v", "fresh")), "");
    EXPECT_TRUE(client.is_closed());
    broker.topic_failures.push_back(error(tablet_errc::stopping));
    stream_end& other = connect();
    EXPECT_EQ(exchange(other, post("/topics", R"({"name":"fresh"})")), "");
    EXPECT_TRUE(other.is_closed());
}

TEST_F(connection_test, a_record_larger_than_the_topic_takes_is_refused_before_anything_is_written) {
    broker.batch_bytes_max = 1000;
    broker.add_topic("narrow", 2);
    const std::string large(2000, 'x');
    EXPECT_EQ(refusal(post(
                  "/topics/narrow/records",
                  R"({"records":[{"partition":0,"value":"a"},{"partition":1,"value":")" + large + R"("}]})")),
              "413 record_too_large");
    EXPECT_EQ(
        refusal(post("/topics/narrow/records", R"({"records":[{"value":"a"},{"value":"b","partition":2}]})")),
        "404 unknown_partition");
    EXPECT_TRUE(broker.appended.empty());
}

// --- bodies

TEST_F(connection_test, chunks_make_a_body) {
    stream_end& client = connect();
    const std::string head =
        "POST /append HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; "
        "charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string body = "9\r\n{\"value\":\r\n3\r\n\"a\"\r\n1\r\n}\r\n0\r\n\r\n";
    EXPECT_EQ(answers_in(drip(client, head + body + head + body)).size(), 2u);
    EXPECT_EQ(answers_in(exchange(client, head + "9\r\n{\"value\":\r\nx\r\n")).at(0).status, 400);
    EXPECT_TRUE(client.is_closed());
}

TEST_F(connection_test, a_client_that_asks_before_it_sends_is_told_to_go_on) {
    broker.holds_appends = true;
    stream_end& client = connect();
    const std::string asking =
        post("/append", R"({"topic":"events","value":"b"})", "Expect: 100-continue\r\n");
    const std::size_t head_bytes = asking.find("\r\n\r\n") + 4;
    EXPECT_EQ(exchange(client, append("a") + asking.substr(0, head_bytes)), "")
        << "the answer before comes first";
    broker.complete_all();
    run();
    const std::string first = text(client.sent());
    EXPECT_TRUE(first.ends_with("}\nHTTP/1.1 100 Continue\r\n\r\n")) << first;
    give(client, asking.substr(head_bytes));
    broker.complete_all();
    run();
    EXPECT_EQ(answers_in(text(client.sent())).at(0).status, 200);
    // It did not wait to be told: nothing is said.
    give(client, asking);
    broker.complete_all();
    run();
    EXPECT_EQ(answers_in(text(client.sent())).at(0).status, 200);
}

TEST_F(connection_test, requests_without_a_usable_body_are_refused) {
    const std::string host = " HTTP/1.1\r\nHost: localhost\r\n";
    EXPECT_EQ(refusal("POST /append" + host + "Content-Type: application/json\r\n\r\n"),
              "411 length_required");
    EXPECT_EQ(refusal("POST /append" + host + "Content-Length: 0\r\n\r\n"), "415 unsupported_media_type");
    EXPECT_EQ(refusal("POST /append" + host +
                      "Content-Type: text/plain\r\nContent-Length: 12\r\n\r\n{\"value\":\"\"}"),
              "415 unsupported_media_type");
    EXPECT_EQ(refusal("POST /append" + host +
                      "Content-Type: application/json\r\nContent-Length: 999999999\r\n\r\n"),
              "413 body_too_large");
    EXPECT_EQ(refusal("GET /topics" + host + "Content-Length: 1\r\n\r\nx"), "400 unexpected_body");
    EXPECT_EQ(refusal(post("/append", "{")), "400 invalid_body");
    EXPECT_TRUE(broker.appended.empty());
}

TEST_F(connection_test,
       a_request_that_was_not_understood_ends_the_connection_only_where_the_next_one_is_not_found) {
    stream_end& client = connect();
    EXPECT_EQ(answers_in(exchange(client, post("/append", "{") + append("v"))).size(), 2u);
    EXPECT_EQ(answers_in(exchange(client, get("/nix") + append("v"))).size(), 2u);
    const auto answers = answers_in(exchange(client, "GET / HTTP/1.1\r\n bad\r\n\r\n" + append("hidden")));
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_TRUE(answers[0].has("Connection: close"));
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(broker.appended.size(), 2u) << "what came after it was not looked at";
}

TEST_F(connection_test, errors_wait_for_the_answers_before_them) {
    broker.holds_appends = true;
    stream_end& client = connect();
    EXPECT_EQ(exchange(client, append("v") + get("/nix") + "bad\n"), "");
    broker.complete_all();
    run();
    const auto answers = answers_in(text(client.sent()));
    ASSERT_EQ(answers.size(), 3u);
    EXPECT_EQ(answers[0].status, 200);
    EXPECT_EQ(answers[1].status, 404);
    EXPECT_EQ(answers[2].status, 400);
}

// --- heads

TEST_F(connection_test, heads_and_targets_are_limited) {
    EXPECT_EQ(refusal(get("/", "X: " + std::string(options.head_bytes_max, 'x') + "\r\n")),
              "431 head_too_large");
    EXPECT_EQ(refusal("GET /" + std::string(options.head_bytes_max, 'x')), "414 target_too_long");
    EXPECT_EQ(ask(get("/", "X: " + std::string(options.head_bytes_max / 2, 'x') + "\r\n")).status, 200);
}

TEST_F(connection_test, methods_are_those_of_the_path) {
    const auto answer = ask("DELETE /append HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(answer.status, 405);
    EXPECT_TRUE(answer.has("Allow: POST\r\n"));
    EXPECT_TRUE(ask("OPTIONS /topics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    .has("Allow: OPTIONS, GET, HEAD, POST\r\n"));
    EXPECT_EQ(ask("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 204);
}

TEST_F(connection_test, a_head_request_is_answered_with_the_head_alone) {
    const std::string answer = exchange(connect(), "HEAD /topics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
    EXPECT_NE(answer.find("Content-Length: "), std::string::npos);
}

TEST_F(connection_test, pages_of_allowed_origins_are_told_so_and_no_others) {
    options.origins.allowed_origins = {"https://console.example"};
    const auto allowed = ask(get("/topics", "Origin: https://console.example\r\n"));
    EXPECT_TRUE(allowed.has("Access-Control-Allow-Origin: https://console.example\r\nVary: Origin\r\n"));
    const auto asked =
        ask("OPTIONS /append HTTP/1.1\r\nHost: localhost\r\nOrigin: https://console.example\r\n\r\n");
    EXPECT_TRUE(asked.has("Access-Control-Allow-Methods: POST\r\n"));
    EXPECT_EQ(refusal(get("/topics", "Origin: https://evil.example\r\n")), "403 foreign_origin");
    EXPECT_EQ(refusal("OPTIONS /append HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n"),
              "403 foreign_origin");
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), "403 unknown_host");
    EXPECT_FALSE(ask(get("/topics")).has("Access-Control"));
}

TEST_F(connection_test, old_clients_are_served_and_closed) {
    stream_end& client = connect();
    const auto answers = answers_in(exchange(client, "GET /health/live HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(answers.at(0).has("Connection: close"));
    EXPECT_TRUE(client.is_closed());
    stream_end& keeper = connect();
    EXPECT_TRUE(answers_in(exchange(keeper, "GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"))
                    .at(0)
                    .has("Connection: keep-alive"));
    EXPECT_FALSE(keeper.is_closed());
}

TEST_F(connection_test, nothing_after_the_last_request_is_looked_at) {
    stream_end& client = connect();
    give(client, post("/append", R"({"value":"1","topic":"events"})", "Connection: close\r\n") + append("2"));
    EXPECT_EQ(answers_in(text(client.sent())).size(), 1u);
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(broker.appended.size(), 1u);
}

// --- limits and time

TEST_F(connection_test, a_connection_with_too_many_appends_under_way_waits) {
    options.in_flight_appends_per_connection = 2;
    broker.holds_appends = true;
    stream_end& client = connect();
    give(client, append("0") + append("1") + append("2"));
    EXPECT_EQ(broker.held(), 2u);
    broker.complete_all();
    run();
    EXPECT_EQ(broker.held(), 1u);
    broker.complete_all();
    run();
    EXPECT_EQ(answers_in(text(client.sent())).size(), 3u);
}

TEST_F(connection_test, while_requests_wait_nothing_more_is_received) {
    broker.holds_appends = true;
    options.in_flight_appends_per_connection = 1;
    stream_end& client = connect();
    give(client, append("0"));
    std::string many;
    while (many.size() < (std::size_t(64) << 10)) many += append("x");
    give(client, many);
    EXPECT_TRUE(client.is_paused());
    broker.holds_appends = false;
    broker.complete_all();
    run();
    EXPECT_FALSE(client.is_paused());
    EXPECT_EQ(answers_in(text(client.sent())).size(), broker.appended.size());
}

TEST_F(connection_test, what_the_process_has_no_memory_for_is_refused_and_may_be_tried_again) {
    limit_options.request_bytes = 100;
    broker.holds_appends = true;
    stream_end& client = connect();
    give(client, append(std::string(200, 'a')));
    EXPECT_EQ(refusal(append("b")), "503 overloaded");
    stream_end& slow = connect();
    const std::string large = append(std::string(200'000, 'c'));
    const auto answers = answers_in(exchange(slow, large.substr(0, 100'000)));
    EXPECT_EQ(answers.at(0).status, 503);
    EXPECT_TRUE(slow.is_closed());
    broker.holds_appends = false;
    broker.complete_all();
    run();
    EXPECT_EQ(answers_in(text(client.sent())).at(0).status, 200);
    EXPECT_EQ(ask(append("b")).status, 200);
}

TEST_F(connection_test, a_request_that_does_not_arrive_is_given_up_and_nothing_of_it_written) {
    stream_end& client = connect();
    const std::string request = append("v");
    give(client, request.substr(0, request.size() - 1));
    tick(2);
    EXPECT_EQ(client.sent_bytes(), 0u);
    tick(2);
    EXPECT_EQ(answers_in(text(client.sent())).at(0).status, 408);
    EXPECT_TRUE(client.is_closed());
    EXPECT_TRUE(broker.appended.empty());
}

TEST_F(connection_test, time_counts_for_the_whole_request_however_it_drips) {
    stream_end& client = connect();
    const std::string request = append("v");
    for (int i = 0; i < 4 && !client.is_closed(); ++i) {
        give(client, request.substr(static_cast<std::size_t>(i), 1));
        tick();
    }
    EXPECT_TRUE(client.is_closed());
}

TEST_F(connection_test, an_idle_connection_is_closed_and_one_at_work_is_not) {
    broker.holds_appends = true;
    stream_end& idle = connect();
    stream_end& busy = connect();
    give(busy, append("v"));
    tick(4);
    EXPECT_FALSE(idle.is_closed());
    tick(1);
    EXPECT_TRUE(idle.is_closed());
    tick(10);
    EXPECT_FALSE(busy.is_closed());
    broker.complete_all();
    run();
    EXPECT_EQ(answers_in(text(busy.sent())).size(), 1u);
}

TEST_F(connection_test, a_client_that_does_not_read_is_cut_off) {
    stream_end& client = connect();
    client.take_at_most(10);
    give(client, get("/topics"));
    tick(2);
    EXPECT_FALSE(client.is_closed());
    tick(2);
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(metrics.connections_closed_as_stalled, 1u);
}

// --- the end

TEST_F(connection_test, a_stop_answers_what_is_under_way_and_takes_nothing_more) {
    broker.holds_appends = true;
    stream_end& client = connect();
    stream_end& idle = connect();
    give(client, append("v"));
    for (const auto& one : connections) one->finish();
    run();
    EXPECT_TRUE(idle.is_closed());
    EXPECT_FALSE(client.is_closed());
    broker.complete_all();
    run();
    EXPECT_EQ(answers_in(text(client.sent())).size(), 1u);
    EXPECT_TRUE(client.is_closed());
}

TEST_F(connection_test, a_client_that_shuts_its_sending_side_gets_all_its_answers) {
    broker.holds_appends = true;
    stream_end& client = connect();
    client.deliver(bytes_of(append("0") + append("1") + get("/topics/events") + append("2")));
    client.finish_sending();
    run();
    EXPECT_EQ(client.sent_bytes(), 0u);
    for (int i = 0; i < 2; ++i) {
        EXPECT_FALSE(client.is_closed());
        broker.complete_all();
        run();
    }
    const auto answers = answers_in(text(client.sent()));
    ASSERT_EQ(answers.size(), 4u);
    EXPECT_TRUE(answers[1].has("\"offset\":1"));
    EXPECT_TRUE(answers[2].has("\"high_watermark\":2")) << answers[2].body;
    EXPECT_TRUE(answers[3].has("\"offset\":2"));
    EXPECT_TRUE(client.is_closed());
    EXPECT_TRUE(connections.empty());
}

TEST_F(connection_test, half_a_request_before_the_end_of_the_input_is_dropped) {
    const std::string whole = append("v");
    for (const std::string_view part : {std::string_view(whole).substr(0, whole.size() - 1),
                                        std::string_view("GET /topics HT"), std::string_view()}) {
        stream_end& client = connect();
        give(client, get("/health/live") + std::string(part));
        client.finish_sending();
        run();
        EXPECT_EQ(answers_in(text(client.sent())).size(), 1u);
        EXPECT_TRUE(client.is_closed());
    }
    EXPECT_TRUE(broker.appended.empty());
}

TEST_F(connection_test, what_a_client_leaves_unread_is_counted_until_it_goes) {
    stream_end& client = connect();
    client.take_at_most(0);
    std::string requests;
    for (int i = 0; i < 300; ++i) requests += get("/topics/nothing");
    give(client, requests);
    const std::size_t pending = client.pending_bytes();
    ASSERT_GT(pending, connection::uncounted_unsent_bytes);
    EXPECT_EQ(limits->answer_memory.held_bytes(), pending - connection::uncounted_unsent_bytes);
    client.take_at_most(stream_end::no_limit);
    run();
    EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
    client.take_at_most(0);
    give(client, get("/openapi.yaml"));
    EXPECT_GT(limits->answer_memory.held_bytes(), 0u);
    client.close();
    run();
    EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
}

TEST_F(connection_test, while_answers_are_at_their_limit_who_has_some_unread_is_not_listened_to) {
    limit_options.answer_bytes = 1000;
    stream_end& client = connect();
    client.take_at_most(0);
    std::string requests;
    for (int i = 0; i < 300; ++i) requests += get("/topics/nothing");
    give(client, requests);
    EXPECT_LT(client.pending_bytes(), connection::uncounted_unsent_bytes + 3000);
    stream_end& other = connect();
    EXPECT_EQ(answers_in(exchange(other, append("small"))).at(0).status, 200);
    EXPECT_EQ(refusal(get("/topics")), "503 overloaded");
    client.take_at_most(stream_end::no_limit);
    run();
    EXPECT_EQ(answers_in(text(client.sent())).size(), 300u);
}

TEST_F(connection_test, little_is_received_at_a_time_but_of_a_large_body) {
    stream_end& client = connect();
    EXPECT_LE(last->receive_max(), std::size_t(16) << 10);
    const std::string request = append(std::string(200'000, 'x'));
    give(client, std::string_view(request).substr(0, 60'000));
    EXPECT_GT(last->receive_max(), std::size_t(16) << 10);
    EXPECT_GE(limits->request_memory.held_bytes() + (std::size_t(16) << 10), 59'000u) << "counted as it comes";
    give(client, std::string_view(request).substr(60'000));
    EXPECT_EQ(answers_in(text(client.sent())).at(0).status, 200);
}

TEST_F(connection_test, answers_that_left_at_once_do_not_hold_up_the_requests_behind_them) {
    options.unsent_bytes_soft_max = 100;
    stream_end& client = connect();
    EXPECT_EQ(answers_in(exchange(client, get("/openapi.yaml") + get("/openapi.yaml") + append("v"))).size(), 3u);
}

TEST_F(connection_test, a_client_that_goes_away_leaves_nothing_behind) {
    broker.holds_appends = true;
    stream_end& client = connect();
    give(client, append("v") + get("/read?topic=events"));
    client.close();
    run();
    EXPECT_EQ(connections.size(), 1u) << "its append is under way";
    broker.complete_all();
    run();
    EXPECT_TRUE(connections.empty());
}

}  // namespace
}  // namespace logstore::http
