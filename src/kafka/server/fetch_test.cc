#include "kafka/protocol/messages/fetch.h"

#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;
using namespace std::chrono_literals;

struct fetch_part {
    std::string_view topic;
    std::int32_t partition = 0;
    std::int64_t from = 0;
    std::int32_t max_bytes = 1 << 20;
};

fetch_request fetch_of(const std::vector<fetch_part>& parts, int max_wait_ms = 0, int min_bytes = 1) {
    fetch_request request;
    request.max_wait_ms = max_wait_ms;
    request.min_bytes = min_bytes;
    request.max_bytes = 1 << 20;
    for (const fetch_part& part : parts) {
        auto& topic = request.topics.emplace_back();
        topic.name = part.topic;
        auto& to = topic.partitions.emplace_back();
        to.index = partition_id(part.partition);
        to.fetch_offset = offset(part.from);
        to.max_bytes = part.max_bytes;
    }
    return request;
}

class fetch_test : public connection_fixture {
  protected:
    /// One answer to one request on a new connection; its records are views of `answer`.
    fetch_response fetch(const fetch_request& request, int version = 11) {
        return ask<fetch_response>(request, version);
    }
    fetch_response::partition fetch_one(const fetch_request& request, int version = 11) {
        return fetch(request, version).topics.at(0).partitions.at(0);
    }
    /// Sends a request and leaves it to wait.
    stream_end& begin(const fetch_request& request, int version = 11, std::int32_t correlation_id = 1) {
        stream_end& client = connect();
        client.deliver(frame_of(request, version, correlation_id));
        run();
        return client;
    }
    byte_vector stored(std::string_view topic, std::int32_t partition, std::size_t index) {
        return broker.at(topic, partition).batches.at(index);
    }
    static bool is_same(const record_bytes& records, const byte_vector& expected) {
        return std::ranges::equal(records.bytes(), expected);
    }
};

TEST_F(fetch_test, stored_batches_are_answered_as_they_are_in_every_version) {
    broker.put("events", 1, batch_of(2));
    broker.put("events", 1, batch_of(3, 50));
    for (int version = 4; version <= 12; ++version) {
        const auto part = fetch_one(fetch_of({{"events", 1, 0}}), version);
        EXPECT_EQ(part.error, error_code::none);
        EXPECT_EQ(part.index, partition_id(1));
        EXPECT_EQ(part.high_watermark, next_offset(5));
        EXPECT_EQ(part.last_stable_offset, next_offset(5));
        if (version >= 5) EXPECT_EQ(part.log_start_offset, offset(0));
        EXPECT_EQ(part.preferred_read_replica, broker_id(-1));
        EXPECT_FALSE(part.aborted_transactions.has_value());
        EXPECT_TRUE(is_same(part.records, concatenated({stored("events", 1, 0), stored("events", 1, 1)})))
            << version;
    }
}

TEST_F(fetch_test, the_answer_starts_with_the_batch_that_holds_the_offset) {
    broker.put("events", 0, batch_of(2));
    broker.put("events", 0, batch_of(3));
    EXPECT_TRUE(is_same(fetch_one(fetch_of({{"events", 0, 1}})).records,
                        concatenated({stored("events", 0, 0), stored("events", 0, 1)})));
    EXPECT_TRUE(is_same(fetch_one(fetch_of({{"events", 0, 4}})).records, stored("events", 0, 1)));
}

TEST_F(fetch_test, read_committed_gets_an_empty_list_of_aborted_transactions) {
    broker.put("events", 0, batch_of(1));
    fetch_request request = fetch_of({{"events"}});
    request.isolation = isolation_level::read_committed;
    const auto part = fetch_one(request);
    ASSERT_TRUE(part.aborted_transactions.has_value());
    EXPECT_TRUE(part.aborted_transactions->empty());
    EXPECT_EQ(part.last_stable_offset, part.high_watermark);
}

// --- limits

TEST_F(fetch_test, at_least_one_batch_comes_even_above_the_limits) {
    broker.put("events", 0, batch_of(1, 5000));
    broker.put("events", 0, batch_of(1, 10));
    broker.put("events", 1, batch_of(1, 10));
    fetch_request request = fetch_of({{"events", 2}, {"events", 0, 0, 100}, {"events", 1}});
    request.max_bytes = 200;
    const auto response = fetch(request);
    EXPECT_TRUE(response.topics[0].partitions[0].records.bytes().empty());
    EXPECT_FALSE(response.topics[0].partitions[0].records.is_null());
    EXPECT_TRUE(is_same(response.topics[1].partitions[0].records, stored("events", 0, 0)));
    EXPECT_TRUE(response.topics[2].partitions[0].records.bytes().empty());
    EXPECT_EQ(response.topics[2].partitions[0].high_watermark, next_offset(1));
}

TEST_F(fetch_test, partitions_share_the_limit_in_the_order_of_the_request) {
    for (int partition : {0, 1, 2}) broker.put("events", partition, batch_of(1, 1000));
    const auto size = static_cast<std::int32_t>(stored("events", 0, 0).size());
    fetch_request request = fetch_of({{"events", 2}, {"events", 0}, {"events", 1}});
    request.max_bytes = 2 * size + 10;
    const auto response = fetch(request);
    EXPECT_TRUE(is_same(response.topics[0].partitions[0].records, stored("events", 2, 0)));
    EXPECT_TRUE(is_same(response.topics[1].partitions[0].records, stored("events", 0, 0)));
    EXPECT_TRUE(response.topics[2].partitions[0].records.bytes().empty());
}

TEST_F(fetch_test, a_partition_stays_within_its_own_limit) {
    for (int i = 0; i < 5; ++i) broker.put("events", 0, batch_of(1, 1000));
    const auto size = static_cast<std::int32_t>(stored("events", 0, 0).size());
    EXPECT_EQ(fetch_one(fetch_of({{"events", 0, 0, 3 * size}})).records.size(),
              static_cast<std::size_t>(3 * size));
}

TEST_F(fetch_test, the_brokers_limit_stands_above_the_clients) {
    for (int i = 0; i < 5; ++i) broker.put("events", 0, batch_of(1, 1000));
    options.fetch_bytes_max = 2 * stored("events", 0, 0).size();
    EXPECT_EQ(fetch_one(fetch_of({{"events"}})).records.size(), options.fetch_bytes_max);
}

TEST_F(fetch_test, records_of_all_fetches_share_a_limit_and_wait_for_room) {
    for (int i = 0; i < 5; ++i) broker.put("events", 0, batch_of(1, 20'000));
    const std::size_t size = stored("events", 0, 0).size();
    limit_process_bytes(4 * size);
    options.unsent_bytes_soft_max = 100;
    stream_end& slow = connect();
    slow.take_at_most(0);
    slow.deliver(frame_of(fetch_of({{"events", 0, 0, static_cast<std::int32_t>(3 * size)}}), 11, 1));
    run();
    EXPECT_GE(limits->answer_memory.held_bytes(), 3 * size);
    slow.deliver(frame_of(fetch_of({{"events"}}), 11, 2));  // not looked at before the first has left
    EXPECT_EQ(fetch_one(fetch_of({{"events"}})).records.size(), size);
    // At the limit what is large waits until there is room, and what is small does not.
    limits->answer_memory.share(0).take_anyway(size);
    broker.put("events", 1, batch_of(1, 1000));
    EXPECT_EQ(fetch_one(fetch_of({{"events", 1}}, 10'000, 1)).records.size(), stored("events", 1, 0).size());
    stream_end& waiting = connect();
    EXPECT_TRUE(exchange(waiting, frame_of(fetch_of({{"events"}}, 0, 1), 11, 1)).empty());
    world.advance(10s);
    EXPECT_EQ(waiting.sent_bytes(), 0u);
    slow.take_at_most(stream_end::no_limit);
    run();
    EXPECT_GE(waiting.sent_bytes(), size);
    limits->answer_memory.share(0).give_back(size);
    EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
}

TEST_F(fetch_test, all_who_wait_for_room_get_records_one_after_another) {
    broker.put("events", 0, batch_of(1, 20'000));
    const std::size_t size = stored("events", 0, 0).size();
    limit_process_bytes(size);
    limits->answer_memory.share(0).take_anyway(size);
    std::vector<stream_end*> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(&begin(fetch_of({{"events"}}, 0, 1)));
        EXPECT_EQ(clients.back()->sent_bytes(), 0u);
    }
    limits->answer_memory.share(0).give_back(size);
    run();
    for (stream_end* one : clients) {
        const byte_vector sent = one->sent();
        EXPECT_GE(sent.size(), size);
    }
}

TEST_F(fetch_test, one_who_waits_for_room_and_goes_leaves_nothing_behind) {
    broker.put("events", 0, batch_of(1, 20'000));
    limit_process_bytes(1000);
    limits->answer_memory.share(0).take_anyway(1000);
    stream_end& client = connect();
    EXPECT_TRUE(exchange(client, frame_of(fetch_of({{"events"}}), 11, 1)).empty());
    client.close();
    run();
    EXPECT_TRUE(connections.empty());
    EXPECT_EQ(limits->answer_memory.held_bytes(), 1000u);
    limits->answer_memory.share(0).give_back(1000);
}

TEST_F(fetch_test, a_large_request_that_waits_gives_its_frame_back) {
    fetch_request request = fetch_of({{"events"}}, 10'000, 1);
    const std::string rack(30'000, 'r');
    request.rack = rack;
    stream_end& client = connect();
    const byte_vector whole = frame_of(request, 11, 1);
    for (bytes_view frame = whole; !frame.empty();) {
        const std::size_t count = std::min<std::size_t>(frame.size(), 10'000);
        client.deliver(frame.first(count));
        frame = frame.subspan(count);
    }
    run();
    EXPECT_LT(limits->request_memory.held_bytes(), 2000u);
    EXPECT_EQ(limits->frame_memory[0]->held_bytes(), 0u);
    broker.put("events", 0, batch_of());
    run();
    const byte_vector sent = client.sent();
    const auto response = answer_in<fetch_response>(frames_in(sent).at(0), 11);
    EXPECT_EQ(response.topics.at(0).name, "events");
    EXPECT_TRUE(is_same(response.topics[0].partitions[0].records, stored("events", 0, 0)));
}

TEST_F(fetch_test, a_large_request_that_waits_is_answered_when_others_need_its_memory) {
    fetch_request request = fetch_of({}, 10'000, 1);
    for (int i = 0; i < 500; ++i) {
        request.topics.emplace_back().name = "events";
        request.topics.back().partitions.emplace_back().max_bytes = 1000;
    }
    stream_end& large = connect();
    large.deliver(frame_of(request, 11, 1));
    run();
    connection& large_connection = *last;
    stream_end& small = connect();
    small.deliver(frame_of(fetch_of({{"events"}}, 10'000, 1), 11, 2));
    run();
    connection::patience patience{1000, 1000};
    large_connection.on_tick(patience);
    run();
    EXPECT_EQ(large.sent_bytes(), 0u);
    patience.must_not_wait = true;
    for (const auto& one : connections) one->on_tick(patience);
    run();
    EXPECT_EQ(frames_in(large.sent()).size(), 1u);
    EXPECT_EQ(small.sent_bytes(), 0u);
    // The next one waits again.
    large.deliver(frame_of(request, 11, 3));
    run();
    EXPECT_EQ(large.sent_bytes(), 0u);
}

TEST_F(fetch_test, a_request_of_very_many_partitions_does_not_wait_when_it_repeats_them) {
    fetch_request request = fetch_of({}, 10'000, 1);
    request.topics.emplace_back().name = "events";
    for (int i = 0; i < 5000; ++i) request.topics.back().partitions.emplace_back().max_bytes = 1000;
    const auto response = fetch(request);
    EXPECT_EQ(response.topics.at(0).partitions.size(), 5000u);
    EXPECT_EQ(response.topics[0].partitions[0].error, error_code::none);
    EXPECT_EQ(response.topics[0].partitions[4999].error, error_code::invalid_request);
}

TEST_F(fetch_test, a_client_that_goes_without_reading_gives_its_share_back) {
    broker.put("events", 0, batch_of(1, 1000));
    stream_end& client = connect();
    client.take_at_most(10);
    client.deliver(frame_of(fetch_of({{"events"}}), 11, 1));
    run();
    EXPECT_GT(limits->answer_memory.held_bytes(), 1000u);
    client.close();
    run();
    EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
}

TEST_F(fetch_test, limits_below_0_are_as_0) {
    broker.put("events", 0, batch_of(1));
    fetch_request request = fetch_of({{"events", 0, 0, -5}}, -5, -5);
    request.max_bytes = -1;
    EXPECT_TRUE(is_same(fetch_one(request).records, stored("events", 0, 0)));
}

// --- long poll

TEST_F(fetch_test, a_fetch_waits_for_data_without_asking_again) {
    stream_end& client = begin(fetch_of({{"events", 0}, {"events", 1}}, 10'000));
    EXPECT_TRUE(client.sent().empty());
    EXPECT_EQ(broker.reads, 2u);
    world.advance(9s);
    EXPECT_TRUE(client.sent().empty());
    EXPECT_EQ(broker.reads, 2u);
    broker.put("events", 1, batch_of(1));
    run();
    const byte_vector sent = client.sent();
    const auto response = answer_in<fetch_response>(frames_in(sent).at(0), 11);
    EXPECT_TRUE(is_same(response.topics[1].partitions[0].records, stored("events", 1, 0)));
    EXPECT_EQ(broker.reads, 4u);
    EXPECT_EQ(broker.waits, 1u);
}

TEST_F(fetch_test, a_fetch_without_data_is_answered_when_its_time_is_over) {
    stream_end& client = begin(fetch_of({{"events"}}, 500));
    world.advance(499ms);
    EXPECT_TRUE(client.sent().empty());
    world.advance(1ms);
    run();
    const byte_vector sent = client.sent();
    const auto part = answer_in<fetch_response>(frames_in(sent).at(0), 11).topics[0].partitions[0];
    EXPECT_EQ(part.error, error_code::none);
    EXPECT_TRUE(part.records.bytes().empty());
    EXPECT_EQ(part.high_watermark, next_offset(0));
}

TEST_F(fetch_test, a_fetch_waits_until_there_are_bytes_enough) {
    broker.put("events", 0, batch_of(1, 100));
    stream_end& client = begin(fetch_of({{"events"}}, 10'000, 600));
    EXPECT_TRUE(client.sent().empty());
    EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);  // nothing is pinned meanwhile
    broker.put("events", 0, batch_of(1, 100));
    run();
    EXPECT_TRUE(client.sent().empty());
    broker.put("events", 0, batch_of(1, 400));
    run();
    const byte_vector sent = client.sent();
    const auto response = answer_in<fetch_response>(frames_in(sent).at(0), 11);
    EXPECT_GE(response.topics[0].partitions[0].records.size(), 600u);
}

TEST_F(fetch_test, what_is_there_is_answered_when_the_time_is_over) {
    broker.put("events", 0, batch_of(1, 100));
    stream_end& client = begin(fetch_of({{"events"}}, 1000, 1'000'000));
    world.advance(1s);
    run();
    const byte_vector sent = client.sent();
    const auto response = answer_in<fetch_response>(frames_in(sent).at(0), 11);
    EXPECT_TRUE(is_same(response.topics[0].partitions[0].records, stored("events", 0, 0)));
}

TEST_F(fetch_test, a_fetch_that_wants_nothing_in_particular_does_not_wait) {
    EXPECT_EQ(frames_in(begin(fetch_of({{"events"}}, 0)).sent()).size(), 1u);
    EXPECT_EQ(frames_in(begin(fetch_of({{"events"}}, -1)).sent()).size(), 1u);
    EXPECT_EQ(frames_in(begin(fetch_of({{"events"}}, 1000, 0)).sent()).size(), 1u);
    EXPECT_EQ(frames_in(begin(fetch_of({}, 1000)).sent()).size(), 1u);
    EXPECT_EQ(broker.waits, 0u);
}

TEST_F(fetch_test, an_error_ends_the_wait_at_once) {
    EXPECT_EQ(frames_in(begin(fetch_of({{"events"}, {"nothing"}}, 1000)).sent()).size(), 1u);
}

TEST_F(fetch_test, a_deleted_topic_ends_the_wait) {
    stream_end& client = begin(fetch_of({{"events"}}, 10'000));
    world.run(broker.delete_topic(broker.tablet_of("events").topic));
    run();
    const byte_vector sent = client.sent();
    const auto response = answer_in<fetch_response>(frames_in(sent).at(0), 11);
    EXPECT_EQ(response.topics[0].partitions[0].error, error_code::unknown_topic_or_partition);
}

TEST_F(fetch_test, the_next_request_waits_for_the_fetch) {
    stream_end& client = begin(fetch_of({{"events"}}, 10'000));
    const byte_vector batch = batch_of();
    client.deliver(produce_frame(2, batch, 1));
    run();
    EXPECT_TRUE(broker.appended.empty());
    broker.put("events", 0, batch_of());
    run();
    EXPECT_EQ(correlation_ids_in(client.sent()), (std::vector<std::int32_t>{1, 2}));
}

TEST_F(fetch_test, a_fetch_ends_when_its_connection_does) {
    stream_end& client = begin(fetch_of({{"events"}}, 10'000));
    EXPECT_EQ(broker.data_waiters(), 1u);
    client.close();
    run();
    EXPECT_EQ(broker.data_waiters(), 0u);
    EXPECT_TRUE(connections.empty());
}

TEST_F(fetch_test, a_connection_that_finishes_answers_its_fetch_at_once) {
    stream_end& client = begin(fetch_of({{"events"}}, 10'000));
    last->finish();
    run();
    EXPECT_EQ(frames_in(client.sent()).size(), 1u);
    EXPECT_TRUE(client.is_closed());
}

TEST_F(fetch_test, no_fetch_waits_longer_than_the_broker_lets_it) {
    options.fetch_wait_max = 3s;
    stream_end& client = begin(fetch_of({{"events"}}, 0x7fffffff));
    world.advance(4s);
    run();
    EXPECT_EQ(frames_in(client.sent()).size(), 1u);
}

// --- errors

TEST_F(fetch_test, an_offset_out_of_range_comes_with_the_range) {
    broker.put("events", 0, batch_of(5));
    broker.at("events").log_start = offset(2);
    for (const std::int64_t from : {std::int64_t(1), std::int64_t(6), std::int64_t(-1)}) {
        const auto part = fetch_one(fetch_of({{"events", 0, from}}));
        EXPECT_EQ(part.error, error_code::offset_out_of_range);
        EXPECT_EQ(part.high_watermark, next_offset(5));
        EXPECT_EQ(part.log_start_offset, offset(2));
        EXPECT_TRUE(part.records.bytes().empty());
    }
    EXPECT_EQ(fetch_one(fetch_of({{"events", 0, 5}})).error, error_code::none);
}

TEST_F(fetch_test, leader_epochs_are_checked_both_ways) {
    const auto with_epoch = [&](std::int32_t epoch) {
        fetch_request request = fetch_of({{"events"}});
        request.topics[0].partitions[0].current_epoch = leader_epoch(epoch);
        return fetch_one(request).error;
    };
    EXPECT_EQ(with_epoch(2), error_code::fenced_leader_epoch);
    EXPECT_EQ(with_epoch(3), error_code::none);
    EXPECT_EQ(with_epoch(4), error_code::unknown_leader_epoch);
    EXPECT_EQ(with_epoch(-1), error_code::none);
}

TEST_F(fetch_test, unknown_topics_and_partitions_are_3) {
    EXPECT_EQ(fetch_one(fetch_of({{"nothing"}})).error, error_code::unknown_topic_or_partition);
    EXPECT_EQ(fetch_one(fetch_of({{"events", 3}})).error, error_code::unknown_topic_or_partition);
    EXPECT_EQ(fetch_one(fetch_of({{"events", -1}})).error, error_code::unknown_topic_or_partition);
}

TEST_F(fetch_test, a_stopping_broker_sends_clients_elsewhere) {
    broker.stopping = true;
    EXPECT_EQ(fetch_one(fetch_of({{"events"}})).error, error_code::not_leader_or_follower);
}

TEST_F(fetch_test, zstd_is_not_given_to_clients_that_do_not_know_it) {
    broker.put("events", 0, batch_of(1));
    record_batch_builder builder;
    builder.append(timestamp_ms(1), std::nullopt, std::nullopt);
    broker.put("events", 0, builder.finish(compression_codec::zstd, byte_vector(10)));
    const auto old = fetch_one(fetch_of({{"events"}}), 9);
    EXPECT_EQ(old.error, error_code::unsupported_compression_type);
    EXPECT_TRUE(old.records.bytes().empty());
    EXPECT_EQ(fetch_one(fetch_of({{"events"}}), 10).error, error_code::none);
}

// --- sessions

TEST_F(fetch_test, sessions_are_never_made) {
    fetch_request request = fetch_of({{"events"}});
    request.session_epoch = 0;
    EXPECT_EQ(fetch(request).session_id, 0);
    EXPECT_EQ(fetch(request).topics.size(), 1u);
}

TEST_F(fetch_test, a_session_of_somebody_else_is_not_known) {
    fetch_request request = fetch_of({{"events"}});
    request.session_id = 5;
    request.session_epoch = 3;
    EXPECT_EQ(fetch(request).error, error_code::fetch_session_id_not_found);
    request.session_id = 0;
    EXPECT_EQ(fetch(request).error, error_code::invalid_fetch_session_epoch);
    request.session_id = 5;
    request.session_epoch = -1;
    EXPECT_EQ(fetch(request).error, error_code::none);
}

TEST_F(fetch_test, a_large_answer_leaves_as_far_as_the_client_reads) {
    for (int i = 0; i < 20; ++i) broker.put("events", 0, batch_of(1, 20'000));
    stream_end& client = connect();
    client.take_at_most(1000);
    client.deliver(frame_of(fetch_of({{"events"}}), 11, 1));
    run();
    EXPECT_EQ(client.sent().size(), 1000u);
    client.take_at_most(stream_end::no_limit);
    EXPECT_GT(client.sent().size(), 300'000u);
}

}  // namespace
}  // namespace logstore::kafka
