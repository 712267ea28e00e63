#include "kafka/client/client_connection.h"

#include <gtest/gtest.h>

#include "kafka/client/testing/fake_broker.h"
#include "kafka/client/testing/run_on_host.h"
#include "kafka/protocol/messages/metadata.h"

namespace logstore::kafka {
namespace {

using std::chrono::milliseconds;
using testing::fake_broker;
using connected = result<std::unique_ptr<client_connection>>;

env::task<connected> connect(env::environment world, env::socket_address to,
                             connection_options options = {}) {
    return client_connection::connect(world, std::move(to), std::move(options));
}

metadata_response cluster_named(std::string name) {
    metadata_response response;
    response.cluster_id = std::move(name);
    return response;
}

/// Answers every request with its number.
void answer_by_number(fake_broker& broker) {
    broker.on_request = [&broker](fake_broker::session& on, const request_frame& request) {
        on.answer(request.header, cluster_named(std::to_string(broker.requests)));
    };
}

env::task<void> ask(client_connection* connection, std::vector<std::string>* answers) {
    auto answer = co_await connection->call<metadata_response>(metadata_request());
    answers->push_back(answer ? answer->message.cluster_id.value_or("none") : answer.error().code.message());
}

std::string words(client_errc code) {
    return make_error_code(code).message();
}

// --- connecting

env::task<void> versions_are_negotiated(env::environment world) {
    fake_broker broker(world);
    broker.offered = {{api_key::metadata, api_version(2), api_version(5)}};
    auto connection = co_await connect(world, broker.address());
    CO_ASSERT_TRUE(connection);
    EXPECT_EQ((*connection)->versions().choose(api_key::metadata), api_version(5));
    EXPECT_FALSE((*connection)->versions().choose(api_key::produce).has_value());
}
TEST(client_connection, versions_are_negotiated_at_the_start) {
    testing::run_on_host(versions_are_negotiated);
}

env::task<void> older_broker(env::environment world) {
    fake_broker broker(world);
    broker.takes_over_api_versions = true;
    std::vector<std::int16_t> asked;
    broker.on_request = [&](fake_broker::session& on, const request_frame& request) {
        asked.push_back(request.header.version.value());
        if (request.header.version.value() > 0) {
            byte_vector too_new;
            append_api_versions_too_new(too_new, request.header.correlation_id);
            return on.send(std::move(too_new));
        }
        api_versions_response response;
        response.apis = offered_apis();
        on.answer(request.header, response);
    };
    auto connection = co_await connect(world, broker.address());
    CO_ASSERT_TRUE(connection);
    EXPECT_EQ(asked, (std::vector<std::int16_t>{api_of(api_key::api_versions).advertised_max, 0}));
    EXPECT_TRUE((*connection)->versions().choose(api_key::metadata).has_value());
}
TEST(client_connection, a_broker_too_old_for_our_first_question_is_asked_again_in_version_0) {
    testing::run_on_host(older_broker);
}

env::task<void> nobody_listens(env::environment world) {
    env::socket_address nobody;
    {
        fake_broker broker(world);
        nobody = broker.address();
    }
    const auto connection = co_await connect(world, nobody);
    CO_ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, client_errc::unreachable);
    EXPECT_NE(connection.error().detail.find(nobody.text()), std::string::npos) << connection.error().detail;
}
TEST(client_connection, no_server_is_unreachable) {
    testing::run_on_host(nobody_listens);
}

env::task<void> no_broker(env::environment world) {
    fake_broker broker(world);
    broker.takes_over_api_versions = true;
    broker.on_request = [](fake_broker::session& on, const request_frame&) {
        const std::string_view http = "HTTP/1.1 400 Bad Request\r\n\r\n";
        on.send(byte_vector(bytes_of(http).begin(), bytes_of(http).end()));
    };
    const auto connection = co_await connect(world, broker.address());
    CO_ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, client_errc::unreachable);
    EXPECT_NE(connection.error().detail.find("does not answer as a Kafka server"), std::string::npos);
}
TEST(client_connection, a_server_of_another_protocol_is_unreachable) {
    testing::run_on_host(no_broker);
}

// --- requests and answers

env::task<void> pipelined(env::environment world) {
    fake_broker broker(world);
    // Holds the answers back until all requests are there.
    std::vector<std::pair<fake_broker::session*, request_header>> waiting;
    broker.on_request = [&](fake_broker::session& on, const request_frame& request) {
        waiting.emplace_back(&on, request.header);
        if (waiting.size() < 10) return;
        for (std::size_t i = 0; i < waiting.size(); ++i) {
            waiting[i].first->answer(waiting[i].second, cluster_named(std::to_string(i)));
        }
    };
    auto connection = co_await connect(world, broker.address());
    CO_ASSERT_TRUE(connection);
    std::vector<std::string> answers;
    env::gate asking;
    for (int i = 0; i < 10; ++i) env::spawn(asking, ask(connection->get(), &answers));
    EXPECT_EQ((*connection)->in_flight(), 10u);
    co_await asking.close();
    EXPECT_EQ(answers, (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
    EXPECT_EQ((*connection)->in_flight(), 0u);
}
TEST(client_connection, requests_are_pipelined_and_answered_in_order) {
    testing::run_on_host(pipelined);
}

env::task<void> long_answer(env::environment world) {
    fake_broker broker(world);
    broker.on_request = [](fake_broker::session& on, const request_frame& request) {
        metadata_response response = cluster_named("long");
        for (int i = 0; i < 50'000; ++i) response.topics.emplace_back().name = "topic-" + std::to_string(i);
        on.answer(request.header, response);
    };
    auto connection = co_await connect(world, broker.address());
    CO_ASSERT_TRUE(connection);
    const auto answer = co_await (*connection)->call<metadata_response>(metadata_request());
    CO_ASSERT_TRUE(answer);
    EXPECT_EQ(answer->message.topics.size(), 50'000u);
    EXPECT_EQ(answer->message.topics.back().name, "topic-49999");
}
TEST(client_connection, an_answer_longer_than_any_buffer_arrives_whole) {
    testing::run_on_host(long_answer);
}

env::task<void> too_many(env::environment world) {
    fake_broker broker(world);
    broker.on_request = [](fake_broker::session&, const request_frame&) {};
    connection_options options;
    options.in_flight_max = 2;
    auto connection = co_await connect(world, broker.address(), options);
    CO_ASSERT_TRUE(connection);
    std::vector<std::string> answers;
    env::gate asking;
    for (int i = 0; i < 3; ++i) env::spawn(asking, ask(connection->get(), &answers));
    EXPECT_EQ(answers, std::vector<std::string>{words(client_errc::overloaded)});
    (*connection)->close();
    co_await asking.close();
}
TEST(client_connection, requests_above_the_limit_are_refused_and_not_sent) {
    testing::run_on_host(too_many);
}

env::task<void> too_many_bytes(env::environment world) {
    fake_broker broker(world);
    connection_options options;
    options.unsent_bytes_max = 100;
    auto connection = co_await connect(world, broker.address(), options);
    CO_ASSERT_TRUE(connection);
    metadata_request request;
    request.topics.emplace().resize(200);
    const auto answer = co_await (*connection)->call<metadata_response>(std::move(request));
    CO_ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, client_errc::overloaded);
    EXPECT_EQ(broker.requests, 0u);
}
TEST(client_connection, unsent_bytes_are_bounded) {
    testing::run_on_host(too_many_bytes);
}

// --- what goes wrong

env::task<void> lost(env::environment world) {
    fake_broker broker(world);
    broker.on_request = [&](fake_broker::session& on, const request_frame&) {
        if (broker.requests == 2) on.close();
    };
    auto connection = co_await connect(world, broker.address());
    CO_ASSERT_TRUE(connection);
    std::vector<std::string> answers;
    env::gate asking;
    env::spawn(asking, ask(connection->get(), &answers));
    env::spawn(asking, ask(connection->get(), &answers));
    co_await asking.close();
    EXPECT_EQ(answers, std::vector<std::string>(2, words(client_errc::connection_lost)));
    EXPECT_FALSE((*connection)->is_open());
    const auto later = co_await (*connection)->call<metadata_response>(metadata_request());
    CO_ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code, client_errc::unreachable) << "nothing was sent, and the error must say so";
}
TEST(client_connection, all_requests_in_flight_fail_when_the_connection_breaks) {
    testing::run_on_host(lost);
}

env::task<void> silent(env::environment world) {
    fake_broker broker(world);
    broker.on_request = [&](fake_broker::session& on, const request_frame& request) {
        if (broker.requests == 1) on.answer(request.header, cluster_named("first"));
    };
    connection_options options;
    options.request_timeout = milliseconds(50);
    auto connection = co_await connect(world, broker.address(), options);
    CO_ASSERT_TRUE(connection);
    std::vector<std::string> answers;
    env::gate asking;
    const env::monotonic_time start = world.time().now();
    env::spawn(asking, ask(connection->get(), &answers));
    env::spawn(asking, ask(connection->get(), &answers));
    co_await asking.close();
    EXPECT_EQ(answers, (std::vector<std::string>{"first", words(client_errc::timed_out)}));
    EXPECT_GE(world.time().now() - start, milliseconds(50));
    EXPECT_FALSE((*connection)->is_open());
}
TEST(client_connection, a_request_without_an_answer_times_out) {
    testing::run_on_host(silent);
}

env::task<void> idle(env::environment world) {
    fake_broker broker(world);
    answer_by_number(broker);
    connection_options options;
    options.request_timeout = milliseconds(40);
    auto connection = co_await connect(world, broker.address(), options);
    CO_ASSERT_TRUE(connection);
    for (int i = 0; i < 3; ++i) {
        co_await env::sleep(world.loop, milliseconds(30));
        const auto answer = co_await (*connection)->call<metadata_response>(metadata_request());
        EXPECT_TRUE(answer.has_value());
    }
    co_await env::sleep(world.loop, milliseconds(100));
    EXPECT_TRUE((*connection)->is_open());
}
TEST(client_connection, an_idle_connection_does_not_time_out) {
    testing::run_on_host(idle);
}

env::task<void> wrong_bytes(env::environment world, byte_vector bytes) {
    fake_broker broker(world);
    broker.on_request = [&](fake_broker::session& on, const request_frame&) { on.send(bytes); };
    auto connection = co_await connect(world, broker.address());
    CO_ASSERT_TRUE(connection);
    std::vector<std::string> answers;
    env::gate asking;
    env::spawn(asking, ask(connection->get(), &answers));
    env::spawn(asking, ask(connection->get(), &answers));
    co_await asking.close();
    EXPECT_EQ(answers, std::vector<std::string>(2, words(client_errc::bad_response)));
    EXPECT_FALSE((*connection)->is_open());
}
byte_vector with_length(std::int32_t length, std::int32_t correlation_id) {
    byte_vector made(2 * sizeof(std::int32_t));
    store_big(made.data(), length);
    store_big(made.data() + sizeof length, correlation_id);
    return made;
}
TEST(client_connection, an_answer_above_the_limit_breaks_the_connection_at_once) {
    const byte_vector bytes = with_length((64 << 20) + 1, 1);
    testing::run_on_host([&](env::environment world) { return wrong_bytes(world, bytes); });
}
TEST(client_connection, a_negative_length_breaks_the_connection) {
    const byte_vector bytes = with_length(-1, 1);
    testing::run_on_host([&](env::environment world) { return wrong_bytes(world, bytes); });
}
TEST(client_connection, an_answer_to_another_request_breaks_the_connection) {
    const byte_vector bytes = with_length(4, 12345);
    testing::run_on_host([&](env::environment world) { return wrong_bytes(world, bytes); });
}
TEST(client_connection, an_answer_without_a_correlation_id_breaks_the_connection) {
    const byte_vector bytes(4);
    testing::run_on_host([&](env::environment world) { return wrong_bytes(world, bytes); });
}

env::task<void> unwanted(env::environment world) {
    fake_broker broker(world);
    broker.on_request = [](fake_broker::session& on, const request_frame& request) {
        on.answer(request.header, cluster_named("wanted"));
        on.answer(request.header, cluster_named("unwanted"));
    };
    auto connection = co_await connect(world, broker.address());
    CO_ASSERT_TRUE(connection);
    const auto answer = co_await (*connection)->call<metadata_response>(metadata_request());
    EXPECT_TRUE(answer.has_value());
    while ((*connection)->is_open()) co_await env::sleep(world.loop, milliseconds(1));
}
TEST(client_connection, an_answer_that_nobody_asked_for_breaks_the_connection) {
    testing::run_on_host(unwanted);
}

env::task<void> garbled(env::environment world) {
    fake_broker broker(world);
    broker.on_request = [](fake_broker::session& on, const request_frame& request) {
        byte_vector bytes = with_length(8, request.header.correlation_id);
        bytes.resize(12, std::byte(0x7f));
        on.send(std::move(bytes));
    };
    auto connection = co_await connect(world, broker.address());
    CO_ASSERT_TRUE(connection);
    const auto answer = co_await (*connection)->call<metadata_response>(metadata_request());
    CO_ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, client_errc::bad_response);
    EXPECT_FALSE((*connection)->is_open());
}
TEST(client_connection, an_answer_that_is_no_message_breaks_the_connection) {
    testing::run_on_host(garbled);
}

// --- the end

env::task<void> destroy_in_answer(env::environment world) {
    fake_broker broker(world);
    answer_by_number(broker);
    for (int i = 0; i < 3; ++i) {
        auto connection = co_await connect(world, broker.address());
        CO_ASSERT_TRUE(connection);
        const auto answer = co_await (*connection)->call<metadata_response>(metadata_request());
        EXPECT_TRUE(answer.has_value());
        connection->reset();  // from inside the call that brought the answer
    }
    while (broker.connections_open() > 0) co_await env::sleep(world.loop, milliseconds(1));
    EXPECT_EQ(broker.connections_accepted(), 3u);
}
TEST(client_connection, it_may_be_destroyed_by_the_one_who_got_the_answer) {
    testing::run_on_host(destroy_in_answer);
}

env::task<void> closed_here(env::environment world) {
    fake_broker broker(world);
    broker.on_request = [](fake_broker::session&, const request_frame&) {};
    auto connection = co_await connect(world, broker.address());
    CO_ASSERT_TRUE(connection);
    std::vector<std::string> answers;
    env::gate asking;
    env::spawn(asking, ask(connection->get(), &answers));
    (*connection)->close();
    (*connection)->close();
    EXPECT_EQ(answers, std::vector<std::string>{words(client_errc::closed)});
    co_await asking.close();
}
TEST(client_connection, close_fails_what_is_in_flight) {
    testing::run_on_host(closed_here);
}

}  // namespace
}  // namespace logstore::kafka
