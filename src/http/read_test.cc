// Reading records: places, limits, forms, waiting, following.
#include "http/testing/connection_fixture.h"
#include "kafka/protocol/record.h"
#include "kafka/protocol/testing/compression.h"

namespace logstore::http {
namespace {

using namespace http::testing;

class read_test : public connection_fixture {
  protected:
    byte_vector batch(const std::vector<std::string>& values, std::int64_t when = 1000) {
        kafka::record_batch_builder builder;
        for (const std::string& value : values)
            builder.append(timestamp_ms(when), std::nullopt, bytes_of(value));
        return builder.finish();
    }
    void put(const std::vector<std::string>& values, std::int64_t when = 1000) {
        broker.put("events", 0, batch(values, when));
    }
    std::string read(std::string_view query) {
        const auto answer = ask(get("/topics/events/partitions/0/records?" + std::string(query)));
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.body;
    }
    /// The "offset" of every record in `body`.
    static std::vector<int> offsets(const std::string& body) {
        std::vector<int> found;
        constexpr std::string_view mark = "{\"offset\":";
        for (std::size_t at = body.find(mark); at != std::string::npos; at = body.find(mark, at + 1)) {
            found.push_back(std::stoi(body.substr(at + mark.size())));
        }
        return found;
    }
    using list = std::vector<int>;
};

TEST_F(read_test, records_come_from_the_offset_on_also_from_within_a_batch) {
    put({"a", "b", "c"});
    put({"d"});
    EXPECT_EQ(
        read("offset=1"),
        "{\"topic\":\"events\",\"partition\":0,\"log_start_offset\":0,\"high_watermark\":4,\"records\":["
        "{\"offset\":1,\"timestamp\":1000,\"key\":null,\"value\":\"b\"},"
        "{\"offset\":2,\"timestamp\":1000,\"key\":null,\"value\":\"c\"},"
        "{\"offset\":3,\"timestamp\":1000,\"key\":null,\"value\":\"d\"}],\"next_offset\":4}\n");
    EXPECT_EQ(offsets(read("offset=4")), list());
    EXPECT_EQ(offsets(read("")), (list{0, 1, 2, 3}));
}

TEST_F(read_test, places_have_names) {
    put({"a"}, 1000);
    put({"b"}, 2000);
    EXPECT_EQ(offsets(read("offset=beginning")), (list{0, 1}));
    EXPECT_EQ(offsets(read("offset=end")), list());
    EXPECT_EQ(offsets(read("offset=time:1001")), (list{1}));
    EXPECT_NE(read("offset=time:9999").find("\"next_offset\":2"), std::string::npos) << "nothing is as late";
    for (const std::string_view wrong :
         {"offset=", "offset=-1", "offset=time:", "offset=begin", "offset=1e3"}) {
        EXPECT_EQ(refusal(get("/read?topic=events&" + std::string(wrong))), "400 invalid_parameter") << wrong;
    }
}

TEST_F(read_test, what_is_not_there_is_told) {
    EXPECT_EQ(refusal(get("/read?topic=nix")), "404 unknown_topic");
    EXPECT_EQ(refusal(get("/read?topic=events&partition=1")), "404 unknown_partition");
    EXPECT_EQ(refusal(get("/read?topic=events&offset=1")), "416 offset_out_of_range");
    EXPECT_EQ(refusal(get("/topics/events/partitions/x/records")), "400 invalid_parameter");
    EXPECT_EQ(refusal(get("/read?topic=events&encoding=hex")), "400 invalid_parameter");
    broker.stopping = true;
    EXPECT_EQ(refusal(get("/read?topic=events&offset=0")), "503 stopping");
}

TEST_F(read_test, limits_cut_between_records_and_one_always_comes) {
    put({std::string(1000, 'a'), std::string(1000, 'b'), "c"});
    EXPECT_EQ(offsets(read("max_records=2")), (list{0, 1}));
    EXPECT_EQ(offsets(read("max_bytes=1")), (list{0}));
    EXPECT_EQ(offsets(read("max_bytes=1600")), (list{0}));
    EXPECT_NE(read("max_bytes=1").find("\"next_offset\":1"), std::string::npos);
    EXPECT_EQ(refusal(get("/read?topic=events&max_bytes=0")), "400 invalid_parameter");
}

TEST_F(read_test, bytes_that_are_no_text_are_marked) {
    put({"\xff\x00", "text"});
    EXPECT_NE(
        read("").find(
            R"("value":"/w==","value_encoding":"base64"},{"offset":1,"timestamp":1000,"key":null,"value":"text"})"),
        std::string::npos)
        << read("");
    EXPECT_NE(read("encoding=base64").find(R"("value":"dGV4dA=="})"), std::string::npos);
    EXPECT_EQ(read("encoding=base64").find("value_encoding"), std::string::npos);
}

TEST_F(read_test, compressed_batches_are_opened_within_the_limit) {
    kafka::record_batch_builder builder;
    builder.append(timestamp_ms(1), bytes_of("k"), bytes_of(std::string(5000, 'z')));
    const byte_vector packed = kafka::testing::compressed_by(compression_codec::zstd, builder.records());
    put({"plain"});
    broker.put("events", 0, builder.finish(compression_codec::zstd, packed));
    EXPECT_EQ(offsets(read("")), (list{0, 1}));
    options.decompressed_bytes_max = 1000;
    EXPECT_EQ(offsets(read("")), (list{0})) << "what comes before is of use";
    EXPECT_EQ(refusal(get("/read?topic=events&offset=1")), "500 batch_too_large");
    const byte_vector wrong(100, std::byte(7));
    broker.put("events", 0, builder.finish(compression_codec::gzip, wrong));
    EXPECT_EQ(refusal(get("/read?topic=events&offset=2")), "500 storage_error");
}

TEST_F(read_test, a_batch_that_is_damaged_is_no_end_of_the_server) {
    byte_vector broken = batch({"abc"});
    broken[record_batch_header_bytes] = std::byte(0x7f);  // the record's length
    broker.put("events", 0, std::move(broken));
    EXPECT_EQ(refusal(get("/read?topic=events")), "500 storage_error");
}

TEST_F(read_test, a_record_that_claims_an_offset_outside_of_its_batch_hides_nothing) {
    byte_vector lying = batch({"abc"});
    lying[record_batch_header_bytes + 3] = std::byte(0x7e);  // its offset delta: 63
    broker.put("events", 0, std::move(lying));
    put({"behind it"});
    EXPECT_EQ(refusal(get("/read?topic=events")), "500 storage_error");
    EXPECT_EQ(offsets(read("offset=1")), (list{1}));
}

TEST_F(read_test, a_read_waits_for_the_first_record) {
    stream_end& client = connect();
    EXPECT_EQ(exchange(client, get("/read?topic=events&wait_ms=5000") + get("/health/live")), "");
    EXPECT_EQ(limits->answer_memory.held_bytes(), 0u) << "waiting holds nothing";
    put({"late"});
    run();
    const auto answers = answers_in(text(client.sent()));
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_EQ(offsets(answers[0].body), (list{0}));
    stream_end& patient = connect();
    EXPECT_EQ(exchange(patient, get("/read?topic=events&offset=end&wait_ms=5000")), "");
    world.advance(std::chrono::seconds(6));
    run();
    EXPECT_EQ(offsets(answers_in(text(patient.sent())).at(0).body), list());
}

TEST_F(read_test, records_on_their_way_are_limited_for_all_clients) {
    limit_options.answer_bytes = 1 << 20;
    put({std::string(100'000, 'x')});
    stream_end& slow = connect();
    slow.take_at_most(0);
    EXPECT_EQ(exchange(slow, get("/read?topic=events&max_bytes=2000000")), "");
    EXPECT_GE(limits->answer_memory.held_bytes(), 100'000u);
    EXPECT_EQ(ask(get("/read?topic=events")).status, 200);
    limits->answer_memory.share(0).take_anyway(1 << 20);
    EXPECT_EQ(refusal(get("/read?topic=events")), "503 overloaded");
    limits->answer_memory.share(0).give_back(1 << 20);
    slow.take_at_most(stream_end::no_limit);
    run();
    EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
}

// --- following

TEST_F(read_test, a_follower_gets_each_record_as_an_event) {
    put({"a", "b"});
    stream_end& client = connect();
    const std::string begin =
        exchange(client, get("/topics/events/partitions/0/records?follow=true&offset=1"));
    EXPECT_NE(begin.find("Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"),
              std::string::npos);
    EXPECT_NE(begin.find("id: 1\ndata: {\"offset\":1,\"timestamp\":1000,\"key\":null,\"value\":\"b\"}\n\n"),
              std::string::npos);
    put({"c"});
    run();
    EXPECT_NE(text(client.sent()).find("id: 2\ndata: "), std::string::npos);
    EXPECT_EQ(metrics.followers, 1u);
    world.advance(options.heartbeat_interval + std::chrono::seconds(1));
    run();
    EXPECT_EQ(text(client.sent()), "9\r\n: alive\n\n\r\n");
    last->finish();
    run();
    EXPECT_EQ(text(client.sent()), "0\r\n\r\n");
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(metrics.followers, 0u);
}

TEST_F(read_test, a_follower_goes_on_behind_the_last_event_it_saw) {
    put({"a", "b", "c"});
    const std::string resumed =
        exchange(connect(), get("/read?topic=events&follow=true&offset=0", "Last-Event-ID: 1\r\n"));
    EXPECT_EQ(resumed.find("id: 1\n"), std::string::npos);
    EXPECT_NE(resumed.find("id: 2\n"), std::string::npos);
    EXPECT_EQ(exchange(connect(), get("/read?topic=events&follow=true")).find("id: "), std::string::npos)
        << "from the end";
    EXPECT_EQ(refusal(get("/read?topic=events&follow=true", "Last-Event-ID: x\r\n")),
              "400 invalid_parameter");
    EXPECT_EQ(refusal(get("/read?topic=events&follow=true&offset=9")), "416 offset_out_of_range");
}

TEST_F(read_test, a_follower_that_does_not_read_holds_a_bounded_part) {
    for (int i = 0; i < 40; ++i) put({std::string(100'000, 'x')});
    stream_end& client = connect();
    client.take_at_most(1000);
    EXPECT_EQ(exchange(client, get("/read?topic=events&follow=true&offset=0")).size(), 1000u);
    EXPECT_LT(client.pending_bytes(), 600'000u);
    EXPECT_LT(limits->answer_memory.held_bytes(), 600'000u);
    std::string all;
    for (int i = 0; i < 200 && all.find("id: 39\n") == std::string::npos; ++i) {
        client.take_at_most(100'000);
        run();
        all += text(client.sent());
    }
    EXPECT_NE(all.find("id: 39\n"), std::string::npos);
}

TEST_F(read_test, a_follower_is_told_when_its_topic_goes) {
    stream_end& client = connect();
    exchange(client, get("/read?topic=events&follow=true"));
    EXPECT_EQ(ask("DELETE /topics/events HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 204);
    run();
    const std::string end = text(client.sent());
    EXPECT_NE(end.find("event: error\ndata: {\"error\":{\"code\":\"unknown_topic\""), std::string::npos)
        << end;
    EXPECT_TRUE(end.ends_with("\r\n0\r\n\r\n"));
    EXPECT_EQ(answers_in(exchange(client, get("/health/live"))).at(0).status, 200)
        << "the connection goes on";
}

TEST_F(read_test, a_follower_that_goes_away_leaves_nothing_behind) {
    stream_end& client = connect();
    exchange(client, get("/read?topic=events&follow=true"));
    client.close();
    run();
    EXPECT_TRUE(connections.empty());
    EXPECT_EQ(metrics.followers, 0u);
}

TEST_F(read_test, nothing_waits_for_a_client_that_has_shut_its_sending_side) {
    stream_end& waiting = connect();
    EXPECT_EQ(exchange(waiting, get("/read?topic=events&wait_ms=30000")), "");
    stream_end& following = connect();
    exchange(following, get("/read?topic=events&follow=true"));
    waiting.finish_sending();
    following.finish_sending();
    run();
    EXPECT_EQ(answers_in(text(waiting.sent())).at(0).status, 200);
    EXPECT_TRUE(text(following.sent()).ends_with("0\r\n\r\n"));
    EXPECT_TRUE(connections.empty());
    EXPECT_EQ(metrics.followers, 0u);
}

TEST_F(read_test, old_clients_follow_until_the_connection_ends) {
    put({"a"});
    stream_end& client = connect();
    const std::string begin =
        exchange(client, "GET /read?topic=events&follow=true&offset=0 HTTP/1.0\r\n\r\n");
    EXPECT_EQ(begin.find("chunked"), std::string::npos);
    EXPECT_TRUE(begin.ends_with("\"value\":\"a\"}\n\n"));
    last->finish();
    run();
    EXPECT_TRUE(client.is_closed());
}

}  // namespace
}  // namespace logstore::http
