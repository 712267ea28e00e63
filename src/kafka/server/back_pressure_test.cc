// The limits of a connection and of the process: what pauses, and that it goes on by itself.
#include "kafka/protocol/messages/fetch.h"
#include "kafka/protocol/messages/metadata.h"
#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;
using namespace std::chrono_literals;

class back_pressure : public connection_fixture {
  protected:
    const byte_vector batch = batch_of(1, 1000);
    const std::size_t frame_bytes = produce_frame(0, batch).size();
    const byte_vector large = batch_of(100, 2000);

    byte_vector frames(int from, int count) {
        std::vector<byte_vector> all;
        for (int i = 0; i < count; ++i) all.push_back(produce_frame(from + i, batch));
        return concatenated(all);
    }
    void deliver_in_pieces(stream_end& to, bytes_view bytes, std::size_t piece_bytes) {
        while (!bytes.empty()) {
            const std::size_t count = std::min(piece_bytes, bytes.size());
            to.deliver(bytes.first(count));
            bytes = bytes.subspan(count);
        }
    }
    byte_vector metadata_frame(std::int32_t correlation_id) {
        metadata_request request;
        return frame_of(request, 8, correlation_id);
    }
};

TEST_F(back_pressure, a_connection_pauses_at_its_limit_and_goes_on_by_itself) {
    options.in_flight_bytes_per_connection = 3 * frame_bytes;
    broker.holds_appends = true;
    stream_end& client = connect();
    client.deliver(frames(0, 10));
    EXPECT_EQ(broker.held(), 3u);
    EXPECT_TRUE(client.is_paused());
    client.deliver(frames(10, 1));
    EXPECT_EQ(client.waiting_bytes(), frame_bytes);
    broker.complete();
    broker.end_burst();
    EXPECT_EQ(broker.held(), 3u);
    std::size_t rounds = 0;
    while (broker.held() > 0 && ++rounds < 100) {
        broker.complete_all();
        run();
    }
    EXPECT_FALSE(client.is_paused());
    EXPECT_EQ(correlation_ids_in(client.sent()),
              (std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
    EXPECT_GE(metrics.receive_pauses, 1u);
}

TEST_F(back_pressure, a_request_above_every_limit_still_gets_through) {
    limit_process_bytes(1000);
    options.in_flight_bytes_per_connection = 500;
    stream_end& client = connect();
    const byte_vector large = batch_of(40, 5000);
    const byte_vector sent = exchange(
        client, concatenated({produce_frame(1, large), produce_frame(2, large), produce_frame(3, batch)}));
    EXPECT_EQ(correlation_ids_in(sent), (std::vector<std::int32_t>{1, 2, 3}));
    EXPECT_EQ(broker.appended[1].second, large);
}

TEST_F(back_pressure, a_full_process_budget_pauses_other_connections_until_bytes_come_back) {
    const byte_vector frame = produce_frame(0, large);
    const byte_vector two = concatenated({frame, frame});
    limit_process_bytes(2 * frame.size());
    broker.holds_appends = true;
    stream_end& one = connect();
    stream_end& other = connect();
    one.deliver(two);
    other.deliver(two);
    EXPECT_EQ(broker.held(), 2u);
    EXPECT_FALSE(one.is_paused());
    EXPECT_TRUE(other.is_paused());
    broker.complete_all();
    run();
    EXPECT_EQ(frames_in(one.sent()).size(), 2u);
    EXPECT_EQ(broker.held(), 2u);
    EXPECT_FALSE(other.is_paused());
    broker.complete_all();
    EXPECT_EQ(frames_in(other.sent()).size(), 2u);
}

TEST_F(back_pressure, one_who_waits_for_the_budget_and_goes_leaves_nothing_behind) {
    limit_process_bytes(frame_bytes);
    broker.holds_appends = true;
    stream_end& one = connect();
    stream_end& other = connect();
    one.deliver(produce_frame(0, large));
    other.deliver(produce_frame(0, large));
    other.close();
    run();
    EXPECT_EQ(connections.size(), 1u);
    broker.complete_all();
    run();
    EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
    EXPECT_EQ(broker.appended.size(), 1u);
}

TEST_F(back_pressure, a_lying_length_takes_no_memory) {
    stream_end& client = connect();
    byte_vector prefix(4);
    store_big(prefix.data(), static_cast<std::int32_t>(options.frame_bytes_max));
    client.deliver(prefix);
    client.deliver(byte_vector(100));
    EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
    EXPECT_EQ(limits->frame_memory[0]->held_bytes(), 0u);
    EXPECT_LE(last->receive_space().size(), frame_reader::small_frame_bytes_max);
}

TEST_F(back_pressure, frames_that_are_announced_and_do_not_come_hold_nobody_back) {
    process_limit_options small;
    small.in_flight_bytes = 1 << 20;
    small.assembly_bytes_per_shard = 1 << 20;
    limit_process(small);
    byte_vector announced(4 + 1000);
    store_big(announced.data(), static_cast<std::int32_t>(options.frame_bytes_max));
    for (int i = 0; i < 200; ++i) connect().deliver(announced);
    stream_end& honest = connect();
    deliver_in_pieces(honest, produce_frame(1, large), 10'000);
    run();
    EXPECT_EQ(correlation_ids_in(honest.sent()), std::vector<std::int32_t>{1});
    EXPECT_EQ(metrics.receive_pauses, 0u);
}

TEST_F(back_pressure, frames_that_stopped_half_way_make_room_for_those_that_come) {
    process_limit_options small;
    small.assembly_bytes_per_shard = 1 << 20;
    limit_process(small);
    // More than there is memory for, and each with a part that lets it ask for more.
    byte_vector begun(4 + 70'000);
    store_big(begun.data(), std::int32_t(400'000));
    std::vector<stream_end*> stalled;
    for (int i = 0; i < 30; ++i) deliver_in_pieces(*stalled.emplace_back(&connect()), begun, 10'000);
    EXPECT_LE(limits->frame_memory[0]->held_bytes(), small.assembly_bytes_per_shard);
    std::vector<stream_end*> honest;
    for (int i = 0; i < 20; ++i) {
        deliver_in_pieces(*honest.emplace_back(&connect()), produce_frame(7, large), 10'000);
    }
    int ticks = 0;
    const auto is_answered = [](stream_end* one) { return one->sent_bytes() > 0; };
    const auto is_closed = [](stream_end* one) { return one->is_closed(); };
    for (; ticks < 100; ++ticks) {
        if (std::ranges::all_of(honest, is_answered) && std::ranges::all_of(stalled, is_closed)) break;
        const bool is_scarce = limits->frame_memory[0]->take_scarcity();
        for (const auto& one : connections) one->on_tick({1000, is_scarce ? 2u : 10u, is_scarce});
        run();
        EXPECT_LE(limits->frame_memory[0]->held_bytes(), small.assembly_bytes_per_shard);
    }
    for (stream_end* one : honest) {
        EXPECT_FALSE(one->is_closed());
        EXPECT_EQ(correlation_ids_in(one->sent()), std::vector<std::int32_t>{7});
    }
    EXPECT_TRUE(std::ranges::all_of(stalled, is_closed));
}

TEST_F(back_pressure, large_frames_that_arrive_side_by_side_all_get_through) {
    process_limit_options small;
    small.in_flight_bytes = 300'000;
    small.assembly_bytes_per_shard = 600'000;
    limit_process(small);
    const byte_vector frame = produce_frame(7, large);  // a third of what is there for all
    constexpr int clients = 50;
    std::vector<stream_end*> all;
    for (int i = 0; i < clients; ++i) all.push_back(&connect());
    std::size_t held_bytes_max = 0;
    constexpr std::size_t piece = 3000;
    for (std::size_t at = 0; at < frame.size(); at += piece) {
        for (stream_end* one : all) {
            one->deliver(bytes_view(frame).subspan(at, std::min(piece, frame.size() - at)));
            held_bytes_max = std::max(held_bytes_max, limits->frame_memory[0]->held_bytes());
        }
        run();
        held_bytes_max = std::max(held_bytes_max, limits->frame_memory[0]->held_bytes());
    }
    for (stream_end* one : all) EXPECT_EQ(correlation_ids_in(one->sent()), std::vector<std::int32_t>{7});
    EXPECT_LE(held_bytes_max, small.assembly_bytes_per_shard);
    EXPECT_GT(held_bytes_max, small.assembly_bytes_per_shard / 2);
    EXPECT_GT(metrics.receive_pauses, 0u);
}

TEST_F(back_pressure, a_whole_large_frame_waits_for_its_place_in_flight_in_its_own_memory) {
    process_limit_options small;
    small.in_flight_bytes = frame_bytes;
    limit_process(small);
    broker.holds_appends = true;
    stream_end& first = connect();
    first.deliver(frames(0, 1));
    stream_end& second = connect();
    const byte_vector frame = produce_frame(1, large);
    deliver_in_pieces(second, frame, 10'000);
    EXPECT_TRUE(second.is_paused());
    EXPECT_EQ(limits->frame_memory[0]->held_bytes(), frame.size() - 4);
    EXPECT_EQ(limits->request_memory.held_bytes(), frame_bytes);
    broker.complete_all();
    run();
    EXPECT_EQ(limits->frame_memory[0]->held_bytes(), 0u);
    EXPECT_EQ(limits->request_memory.held_bytes(), frame.size());
    EXPECT_EQ(broker.appended.back().second, large);
}

TEST_F(back_pressure, a_large_frame_that_stops_arriving_ends_its_connection) {
    stream_end& client = connect();
    const byte_vector frame = produce_frame(1, batch_of(100, 1000));
    client.deliver(bytes_view(frame).first(frame.size() - 1));
    const connection::patience patience{1000, 3};
    for (int i = 0; i < 3; ++i) last->on_tick(patience);
    run();
    EXPECT_FALSE(client.is_closed());
    last->on_tick(patience);
    run();
    EXPECT_TRUE(client.is_closed());
    EXPECT_EQ(limits->frame_memory[0]->held_bytes(), 0u);
}

TEST_F(back_pressure, a_large_frame_that_only_drips_ends_its_connection_when_memory_is_scarce) {
    stream_end& client = connect();
    const byte_vector frame = produce_frame(1, large);
    const std::size_t pace = frame.size() / connection::pace_divisor + 1;
    std::size_t at = frame.size() / 2;
    client.deliver(bytes_view(frame).first(at));
    const auto drip = [&](std::size_t bytes, const connection::patience& patience) {
        for (int i = 0; i < 5; ++i) {
            client.deliver(bytes_view(frame).subspan(at, bytes));
            at += bytes;
            last->on_tick(patience);
        }
        run();
    };
    drip(1, {1000, 3, false});
    EXPECT_FALSE(client.is_closed());
    drip(pace, {1000, 3, true});
    EXPECT_FALSE(client.is_closed());
    drip(1, {1000, 3, true});
    EXPECT_TRUE(client.is_closed());
}

TEST_F(back_pressure, a_large_frame_that_stalled_while_it_waited_for_room_is_found_out_soon) {
    process_limit_options small;
    small.assembly_bytes_per_shard = 1000;  // nothing but finishing, one by one
    limit_process(small);
    const byte_vector frame = produce_frame(1, large);
    const auto begin = [&](stream_end& on) {
        on.deliver(bytes_view(frame).first(20'000));
        return last;
    };
    connection* first = begin(connect());
    stream_end& stalled_end = connect();
    connection* stalled = begin(stalled_end);
    stream_end& honest_end = connect();
    connection* honest = begin(honest_end);
    honest_end.deliver(bytes_view(frame).subspan(20'000, 50'000));  // waits in the stream
    const connection::patience scarce{1000, 10, true};
    const auto ticks = [&](connection* of, int count) {
        for (int i = 0; i < count; ++i) of->on_tick(scarce);
        run();
    };
    ticks(stalled, 20);
    ticks(honest, 20);
    EXPECT_FALSE(stalled_end.is_closed());
    first->abort();
    run();
    ticks(stalled, 2);
    EXPECT_TRUE(stalled_end.is_closed());
    ticks(honest, 5);
    EXPECT_FALSE(honest_end.is_closed());
    honest_end.deliver(bytes_view(frame).subspan(70'000));
    run();
    EXPECT_EQ(correlation_ids_in(honest_end.sent()), std::vector<std::int32_t>{1});
}

TEST_F(back_pressure, small_requests_pass_a_full_budget_and_large_ones_wait) {
    limit_process_bytes(1000);
    limits->request_memory.share(0).take_anyway(1000);
    stream_end& small = connect();
    stream_end& other = connect();
    EXPECT_EQ(correlation_ids_in(exchange(small, produce_frame(1, batch))), std::vector<std::int32_t>{1});
    EXPECT_EQ(correlation_ids_in(exchange(small, metadata_frame(2))), std::vector<std::int32_t>{2});
    EXPECT_TRUE(exchange(other, produce_frame(3, large)).empty());
    limits->request_memory.share(0).give_back(1000);
    run();
    EXPECT_EQ(correlation_ids_in(other.sent()), std::vector<std::int32_t>{3});
}

TEST_F(back_pressure, where_memory_is_scarce_deliveries_are_small) {
    limit_process_bytes(1000);
    stream_end& client = connect();
    EXPECT_GT(last->receive_max(), connection::small_delivery_bytes_max);
    limits->request_memory.share(0).take_anyway(1000);
    EXPECT_EQ(last->receive_max(), connection::small_delivery_bytes_max);
    limits->request_memory.share(0).give_back(1000);
    client.close();
}

TEST_F(back_pressure, what_came_behind_a_request_that_waits_is_counted) {
    stream_end& client = connect();
    fetch_request request;
    request.max_wait_ms = 10'000;
    request.min_bytes = 1;
    request.topics.emplace_back().name = "events";
    request.topics.back().partitions.emplace_back().max_bytes = 1000;
    client.deliver(concatenated({frame_of(request, 11, 1), frames(2, 200)}));
    EXPECT_GT(limits->kept_memory.held_bytes(), 200 * frame_bytes - 1);
    world.advance(11s);
    run();
    EXPECT_EQ(frames_in(client.sent()).size(), 201u);
    EXPECT_EQ(limits->kept_memory.held_bytes(), 0u);
}

TEST_F(back_pressure, a_flood_on_one_connection_leaves_others_their_turn) {
    stream_end& flood = connect();
    stream_end& other = connect();
    constexpr int count = 2000;
    std::vector<byte_vector> requests;
    for (int i = 0; i < count; ++i) requests.push_back(metadata_frame(i));
    flood.deliver(concatenated(requests));
    const byte_vector begun = flood.sent();
    EXPECT_GT(frames_in(begun).size(), 0u);
    EXPECT_LT(frames_in(begun).size(), std::size_t(count) / 4);
    other.deliver(metadata_frame(1));
    EXPECT_EQ(frames_in(other.sent()).size(), 1u);
    run();
    EXPECT_EQ(frames_in(begun).size() + frames_in(flood.sent()).size(), std::size_t(count));
}

TEST_F(back_pressure, one_who_takes_no_answers_is_closed_when_others_need_the_memory) {
    limit_process_bytes(50'000);
    broker.put("events", 0, batch_of(1, 40'000));
    fetch_request request;
    request.topics.emplace_back().name = "events";
    request.topics.back().partitions.emplace_back().max_bytes = 50'000;
    stream_end& stuck = connect();
    connection& stuck_connection = *last;
    stream_end& slow = connect();
    connection& slow_connection = *last;
    for (stream_end* one : {&stuck, &slow}) {
        one->take_at_most(100);
        one->deliver(frame_of(request, 11, 1));
        run();
    }
    EXPECT_TRUE(limits->answer_memory.share(0).is_scarce());
    connection::patience patience{1000, 1000};
    for (int i = 0; i < 5; ++i) stuck_connection.on_tick(patience);
    EXPECT_FALSE(stuck.is_closed());
    patience.unread_ticks = 3;
    for (int i = 0; i < 5; ++i) {
        slow.take_at_most(1000);
        slow_connection.on_tick(patience);
        if (!stuck.is_closed()) stuck_connection.on_tick(patience);
        run();
    }
    EXPECT_TRUE(stuck.is_closed());
    EXPECT_FALSE(slow.is_closed());
    EXPECT_EQ(metrics.connections_closed_as_unread, 1u);
    slow.take_at_most(stream_end::no_limit);
    run();
    EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
}

TEST_F(back_pressure, an_idle_connection_is_closed_and_a_waiting_one_is_not) {
    broker.holds_appends = true;
    stream_end& idle = connect();
    connection& idle_connection = *last;
    stream_end& busy = connect();
    connection& busy_connection = *last;
    busy.deliver(produce_frame(1, batch));
    for (int i = 0; i < 5; ++i) {
        idle_connection.on_tick({4, 4});
        busy_connection.on_tick({4, 4});
    }
    run();
    EXPECT_TRUE(idle.is_closed());
    EXPECT_FALSE(busy.is_closed());
    EXPECT_EQ(metrics.connections_closed_as_idle, 1u);
}

TEST_F(back_pressure, a_client_that_does_not_read_is_not_served_further) {
    options.unsent_bytes_soft_max = 2000;
    stream_end& client = connect();
    client.take_at_most(0);
    std::vector<byte_vector> requests;
    for (int i = 0; i < 200; ++i) requests.push_back(metadata_frame(i));
    client.deliver(concatenated(requests));
    run();
    EXPECT_TRUE(client.is_paused());
    EXPECT_LT(client.pending_bytes(), 2500u);
    const std::uint64_t served = metrics.requests[static_cast<std::size_t>(api_key::metadata)];
    EXPECT_LT(served, 200u);
    client.take_at_most(1000);
    run();
    EXPECT_GT(metrics.requests[static_cast<std::size_t>(api_key::metadata)], served);
    client.take_at_most(stream_end::no_limit);
    run();
    EXPECT_EQ(frames_in(client.sent()).size(), 200u);
    EXPECT_FALSE(client.is_paused());
}

TEST_F(back_pressure, what_follows_a_waiting_request_is_kept_only_up_to_a_limit) {
    stream_end& client = connect();
    fetch_request request;
    request.max_wait_ms = 10'000;
    request.min_bytes = 1;
    auto& topic = request.topics.emplace_back();
    topic.name = "events";
    topic.partitions.emplace_back().max_bytes = 1000;
    client.deliver(frame_of(request, 11, 1));
    EXPECT_FALSE(client.is_paused());  // so that the end of the connection is noticed
    int sent = 0;
    while (!client.is_paused() && sent < 1000) client.deliver(produce_frame(100 + sent++, batch));
    EXPECT_LT(sent * frame_bytes, 2 * frame_reader::kept_bytes_soft_max);
    world.advance(11s);
    run();
    const auto answers = correlation_ids_in(client.sent());
    EXPECT_EQ(answers.size(), static_cast<std::size_t>(sent) + 1);
    EXPECT_FALSE(client.is_paused());
}

}  // namespace
}  // namespace logstore::kafka
