// The front door on real shards with simulated disks: a client's view of whole stores, in seeded
// interleavings.
#include <set>

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "kafka/protocol/messages/fetch.h"
#include "kafka/server/server.h"
#include "kafka/server/testing/requests.h"
#include "shard/testing/shard_rig.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;
using namespace std::chrono_literals;

/// A broker on one of the rig's shards, with topics that do not change.
class rig_broker final : public broker {
  public:
    rig_broker(shard& own, std::shared_ptr<const cluster::topic_image> image)
        : shard_(own), image_(std::move(image)) {}

    env::environment& world() override { return shard_.world(); }
    broker_id node() const override { return broker_id(0); }
    leader_epoch epoch() const override { return leader_epoch(1); }
    const std::string& cluster_id() const override { return cluster_id_; }
    const std::shared_ptr<const cluster::topic_image>& topics() const override { return image_; }
    bool is_local(const tablet_id& tablet) const override { return shard_.is_local(tablet); }
    void append(append_call& call) override { shard_.append(call); }
    void after_burst(burst_listener& listener) override { shard_.after_burst(listener); }
    env::task<read_outcome> read(read_request request) override { return shard_.read(request); }
    env::task<void> wait_for_data(std::vector<seen_tablet> seen, env::monotonic_time until,
                                  wait_signal* cancel) override {
        return shard_.wait_for_data(std::move(seen), until, cancel);
    }
    env::task<list_offset_outcome> list_offset(list_offset_request request) override {
        return shard_.list_offset(request);
    }
    env::task<epoch_end_outcome> find_epoch_end(epoch_end_request request) override {
        return shard_.find_epoch_end(request);
    }
    env::task<log_start_outcome> move_log_start(log_start_request request) override {
        return shard_.move_log_start(request);
    }
    env::task<std::vector<tablet_size>> sizes(std::vector<tablet_id> tablets) override {
        return shard_.sizes(std::move(tablets));
    }
    const std::string& log_folder() const override { return folder_; }
    env::task<result<env::file_system_space>> space() override { return shard_.space(); }
    const cluster::topic_settings& topic_defaults() const override { return defaults_; }
    env::task<result<cluster::topic>> create_topic(cluster::new_topic) override {
        co_return fail(cluster::errc::closed);
    }
    env::task<result<>> delete_topic(topic_id) override { co_return fail(cluster::errc::closed); }
    env::task<result<cluster::topic>> add_partitions(std::string, std::int32_t, bool) override {
        co_return fail(cluster::errc::closed);
    }

  private:
    shard& shard_;
    const std::shared_ptr<const cluster::topic_image> image_;
    const std::string cluster_id_ = "rig";
    const std::string folder_ = "/data/logs";
    const cluster::topic_settings defaults_;
};

struct client final : env::stream_handler {
    explicit client(std::unique_ptr<env::stream> made) : stream(std::move(made)) { stream->start(*this); }
    void send(byte_vector bytes) {
        stream->send(env::shared_bytes(std::move(bytes)));
        stream->flush();
    }
    void on_received(bytes_view bytes) override {
        received.insert(received.end(), bytes.begin(), bytes.end());
    }
    void on_closed(error) override { is_closed = true; }

    std::unique_ptr<env::stream> stream;
    byte_vector received;
    bool is_closed = false;
};

constexpr std::int32_t partitions = 8;
constexpr std::uint32_t shards = 2;

class on_shards : public ::testing::TestWithParam<std::uint64_t> {
  protected:
    void SetUp() override {
        topic.name = "events";
        topic.id = topic_id::from_random_bits(GetParam(), 1);
        topic.partition_count = partitions;
        cluster::topic_image made;
        made.put(std::make_shared<const cluster::topic>(topic));
        image = made.publish();

        hosted_topic hosted;
        hosted.id = topic.id;
        hosted.name = topic.name;
        hosted.partitions = partitions;
        shard_rig::options options;
        options.shards = shards;
        options.journal_file_bytes = 1 << 20;
        rig = std::make_unique<shard_rig>(world, boot_number(1), options);
        const auto started = world.run(rig->start({hosted}));
        ASSERT_TRUE(started.has_value()) << started.error().message();

        std::vector<env::executor*> loops;
        for (std::uint32_t i = 0; i < shards; ++i) loops.push_back(&world.loop(i));
        limits = std::make_unique<process_limits>(process_limit_options(), loops);
        for (std::uint32_t i = 0; i < shards; ++i) {
            brokers.push_back(std::make_unique<rig_broker>(rig->at(i), image));
            servers.push_back(std::make_unique<server>(*brokers.back(), *limits, i, server_options()));
            env::socket_address at;
            at.port = 9092;
            ASSERT_TRUE(servers.back()->listen(at, true).has_value());
        }
    }
    void stop_servers() {
        for (std::uint32_t i = 0; i < shards; ++i) world.run(servers[i]->stop(), i);
        EXPECT_EQ(limits->request_memory.held_bytes(), 0u);
        EXPECT_EQ(limits->answer_memory.held_bytes(), 0u);
    }
    void TearDown() override {
        if (!was_stopped) stop_servers();
        servers.clear();
        if (rig->fatal().empty()) {
            EXPECT_TRUE(world.run(rig->stop()).has_value());
        } else {
            world.kill(1);
            rig->abandon();
        }
    }

    std::unique_ptr<client> connect() {
        env::socket_address to;
        to.host = "node-0";
        to.port = 9092;
        auto made = env::run(other_machine->loop(), other_machine->shard().net.connect(to));
        CHECK(made);
        return std::make_unique<client>(std::move(*made));
    }
    byte_vector fetch_frame(std::int32_t correlation_id, const std::vector<std::int64_t>& from,
                            int max_wait_ms) {
        fetch_request request;
        request.max_wait_ms = max_wait_ms;
        request.min_bytes = 1;
        auto& asked = request.topics.emplace_back();
        asked.name = "events";
        for (std::int32_t i = 0; i < partitions; ++i) {
            auto& part = asked.partitions.emplace_back();
            part.index = partition_id(i);
            part.fetch_offset = offset(from[static_cast<std::size_t>(i)]);
            part.max_bytes = 1 << 20;
        }
        return frame_of(request, 12, correlation_id);
    }
    /// Whether every shard owns some of the topic's tablets, so that the test tests what it says.
    bool is_spread() {
        std::set<bool> owners;
        for (std::int32_t i = 0; i < partitions; ++i)
            owners.insert(brokers[0]->is_local({topic.id, partition_id(i)}));
        return owners.size() == 2;
    }

    env::sim_world world{GetParam(), shards};
    env::sim_node* other_machine = &world.add_node("client");
    cluster::topic topic;
    std::shared_ptr<const cluster::topic_image> image;
    std::unique_ptr<shard_rig> rig;
    std::unique_ptr<process_limits> limits;
    std::vector<std::unique_ptr<rig_broker>> brokers;
    std::vector<std::unique_ptr<server>> servers;
    bool was_stopped = false;
};

TEST_P(on_shards, what_was_acknowledged_is_fetched_in_order) {
    EXPECT_TRUE(is_spread());
    constexpr int requests = 60;
    std::vector<std::unique_ptr<client>> producers;
    for (int i = 0; i < 4; ++i) producers.push_back(connect());
    env::sim_random random(GetParam());
    for (int i = 0; i < requests; ++i) {
        for (auto& one : producers) {
            const auto partition = static_cast<std::int32_t>(random.below(partitions));
            const byte_vector batch =
                batch_of(1 + static_cast<int>(random.below(3)), random.below(3000), timestamp_ms(i));
            one->send(frame_of(produce_of({{"events", partition, batch}}), 9, i));
        }
    }
    ASSERT_TRUE(world.run_until([&] {
        return std::ranges::all_of(
            producers, [](const auto& one) { return frames_in_whole(one->received) == requests; });
    }));
    std::vector<std::int64_t> ends(partitions);
    for (auto& one : producers) {
        std::int32_t expected = 0;
        std::vector<std::int64_t> last(partitions, -1);
        for (const bytes_view frame : frames_in(one->received)) {
            EXPECT_EQ(*response_correlation_id(frame), expected++);
            const auto part = answer_in<produce_response>(frame, 9).topics[0].partitions[0];
            const auto index = static_cast<std::size_t>(part.index.value());
            ASSERT_EQ(part.error, error_code::none);
            EXPECT_GT(part.base_offset.value(), last[index]);  // arrival order is append order
            last[index] = part.base_offset.value();
            ends[index] = std::max(ends[index], part.base_offset.value());
        }
    }
    auto consumer = connect();
    consumer->send(fetch_frame(1, std::vector<std::int64_t>(partitions, 0), 1000));
    ASSERT_TRUE(world.run_until([&] { return frames_in_whole(consumer->received) == 1; }));
    const auto fetched = answer_in<fetch_response>(frames_in(consumer->received)[0], 12);
    for (const auto& part : fetched.topics[0].partitions) {
        EXPECT_EQ(part.error, error_code::none);
        std::int64_t next = 0;
        for (bytes_view rest = part.records.bytes(); !rest.empty();) {
            const auto header = read_record_batch_header(rest);
            ASSERT_TRUE(header && record_batch_crc_holds(*header, rest));
            EXPECT_EQ(header->base_offset.value(), next);
            EXPECT_EQ(header->epoch, leader_epoch(1));
            next = header->next().value();
            rest = rest.subspan(header->size_bytes());
        }
        EXPECT_GE(next, ends[static_cast<std::size_t>(part.index.value())]);
        EXPECT_EQ(part.high_watermark.value(), next);
    }
}

TEST_P(on_shards, a_long_poll_over_all_shards_ends_with_the_first_append) {
    auto consumer = connect();
    auto producer = connect();
    consumer->send(fetch_frame(1, std::vector<std::int64_t>(partitions, 0), 60'000));
    world.advance(5s);
    EXPECT_TRUE(consumer->received.empty());
    const auto partition = static_cast<std::int32_t>(GetParam() % partitions);
    const byte_vector batch = batch_of();
    const env::monotonic_time before = world.loop().time().now();
    producer->send(frame_of(produce_of({{"events", partition, batch}}), 9, 1));
    ASSERT_TRUE(world.run_until([&] { return frames_in_whole(consumer->received) == 1; }));
    EXPECT_LT(world.loop().time().now() - before, 100ms);
    const auto fetched = answer_in<fetch_response>(frames_in(consumer->received)[0], 12);
    EXPECT_FALSE(fetched.topics[0].partitions[static_cast<std::size_t>(partition)].records.bytes().empty());
}

TEST_P(on_shards, a_journal_that_fails_closes_connections_without_an_answer) {
    auto producer = connect();
    const byte_vector batch = batch_of();
    producer->send(frame_of(produce_of({{"events", 0, batch}}), 9, 1));
    ASSERT_TRUE(world.run_until([&] { return frames_in_whole(producer->received) == 1; }));
    producer->received.clear();
    world.disk().fail_operation(1, std::errc::io_error, true);
    for (std::int32_t i = 0; i < partitions; ++i)
        producer->send(frame_of(produce_of({{"events", i, batch}}), 9, 2 + i));
    ASSERT_TRUE(world.run_until([&] { return producer->is_closed; }));
    EXPECT_TRUE(producer->received.empty());
    EXPECT_FALSE(rig->fatal().empty());
    EXPECT_EQ(servers[0]->metrics().connections_closed_unanswered +
                  servers[1]->metrics().connections_closed_unanswered,
              1u);
}

TEST_P(on_shards, a_stop_under_load_answers_or_closes_and_loses_nothing_acknowledged) {
    std::vector<std::unique_ptr<client>> producers;
    for (int i = 0; i < 6; ++i) producers.push_back(connect());
    const byte_vector batch = batch_of(1, 500);
    for (int i = 0; i < 50; ++i) {
        for (auto& one : producers)
            one->send(frame_of(produce_of({{"events", i % partitions, batch}}), 9, i));
    }
    world.advance(std::chrono::microseconds(200 + 50 * GetParam()));
    stop_servers();
    was_stopped = true;
    world.run_until_idle();
    std::vector<std::int64_t> acknowledged(partitions);
    for (auto& one : producers) {
        EXPECT_TRUE(one->is_closed);
        for (const bytes_view frame : frames_in(one->received)) {
            const auto part = answer_in<produce_response>(frame, 9).topics[0].partitions[0];
            ASSERT_EQ(part.error, error_code::none);
            auto& end = acknowledged[static_cast<std::size_t>(part.index.value())];
            end = std::max(end, part.base_offset.value() + 1);
        }
    }
    for (std::int32_t i = 0; i < partitions; ++i) {
        list_offset_request latest;
        latest.tablet = {topic.id, partition_id(i)};
        const auto found = world.run(rig->at(0).list_offset(latest));
        EXPECT_GE(found.found_offset, acknowledged[static_cast<std::size_t>(i)]);
    }
}

INSTANTIATE_TEST_SUITE_P(seeds, on_shards, ::testing::Range<std::uint64_t>(1, 21));

}  // namespace
}  // namespace logstore::kafka
