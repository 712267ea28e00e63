#include "app/consume.h"

#include <gtest/gtest.h>

#include "app/testing/recorded_console.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/run_on_host.h"
#include "kafka/protocol/record.h"

namespace logstore::app {
namespace {

using namespace std::chrono_literals;
using kafka::testing::fake_broker;
using kafka::testing::memory_topics;

struct stage {
    explicit stage(env::environment the_world) : world(the_world), broker(world), memory(broker) {
        memory.add("events", 1);
    }
    void add(std::initializer_list<std::string_view> values) {
        memory_topics::partition& to = memory.topics.at("events").partitions.at(0);
        kafka::record_batch_builder builder;
        for (const std::string_view value : values) builder.append(timestamp_ms(1000), {}, bytes_of(value));
        byte_vector batch = builder.finish();
        assign_record_batch(batch.data(), offset(to.next_offset), leader_epoch(1));
        to.log.insert(to.log.end(), batch.begin(), batch.end());
        to.next_offset += builder.record_count();
    }
    consume_command asked(std::vector<std::string> more) {
        more.insert(more.begin(),
                    {"consume", "events", "--server", broker.address().text(), "--timeout", "1s"});
        return std::get<consume_command>(parse_command_line(more).value());
    }

    env::environment world;
    fake_broker broker;
    memory_topics memory;
    interruption stop;
    testing::recorded_console out;
};

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

env::task<void> all(env::environment world) {
    stage on(world);
    const exit_code none = co_await run_consume(world, &on.out, &on.stop, on.asked({}));
    EXPECT_EQ(none, exit_code::success) << on.out.said;
    on.add({"a", "b"});
    on.add({"c", "d", "e"});
    const std::pair<std::vector<std::string>, std::string> cases[] = {
        {{}, "a\nb\nc\nd\ne\n"},
        {{"--from", "offset:3"}, "d\ne\n"},
        {{"--from", "last:2", "--format", "%o%v "}, "3d 4e "},
        {{"--from", "end"}, ""},
        {{"--count", "3"}, "a\nb\nc\n"},
        {{"--from", "offset:1", "--count", "1", "--json"},
         R"({"topic":"events","partition":0,"offset":1,"timestamp":1000,"key":null,"value":"b"})"
         "\n"},
        {{"--follow", "--count", "4", "--partition", "0"}, "a\nb\nc\nd\n"},
    };
    for (const auto& [options, expected] : cases) {
        on.out.printed.clear();
        const exit_code code = co_await run_consume(world, &on.out, &on.stop, on.asked(options));
        EXPECT_EQ(code, exit_code::success) << on.out.said;
        EXPECT_EQ(on.out.printed, expected);
    }
    EXPECT_EQ(on.out.said, "");
}
TEST(consume, records_are_printed_from_the_place_to_the_end) {
    kafka::testing::run_on_host(all);
}

env::task<void> following(env::environment world) {
    stage on(world);
    on.add({"a"});
    world.loop.start_timer(world.time().now() + 50ms, [&on] { on.add({"b"}); });
    world.loop.start_timer(world.time().now() + 1s, [&on] {
        EXPECT_EQ(on.out.printed, "a\nb\n");
        on.stop.request();
    });
    const exit_code code = co_await run_consume(world, &on.out, &on.stop, on.asked({"--follow"}));
    EXPECT_EQ(code, exit_code::interrupted);
    EXPECT_EQ(on.out.said, "");
}
TEST(consume, following_goes_on_until_it_is_interrupted) {
    kafka::testing::run_on_host(following);
}

env::task<void> reader_gone(env::environment world) {
    stage on(world);
    on.add({"a"});
    on.out.printed_bytes_max = 1;
    const exit_code code = co_await run_consume(world, &on.out, &on.stop, on.asked({"--follow"}));
    EXPECT_EQ(code, exit_code::success);
    EXPECT_EQ(on.out.said, "");
}
TEST(consume, it_ends_quietly_when_nobody_reads_any_more) {
    kafka::testing::run_on_host(reader_gone);
}

env::task<void> wrong(env::environment world) {
    stage on(world);
    on.add({"a"});
    const exit_code range = co_await run_consume(world, &on.out, &on.stop, on.asked({"--from", "offset:2"}));
    EXPECT_EQ(range, exit_code::failed);
    EXPECT_CONTAINS(on.out.said, "partition 0 has no offset 2: it begins at 0 and ends before 1");
    const exit_code partition =
        co_await run_consume(world, &on.out, &on.stop, on.asked({"--partition", "1"}));
    EXPECT_EQ(partition, exit_code::wrong_usage);
    on.memory.topics.at("events").partitions[0].log.at(65) ^= std::byte(1);
    const exit_code damaged = co_await run_consume(world, &on.out, &on.stop, on.asked({}));
    EXPECT_EQ(damaged, exit_code::failed);
    EXPECT_CONTAINS(on.out.said, "its checksum does not hold");
    EXPECT_EQ(on.out.printed, "");
    consume_command absent = on.asked({});
    absent.topic = "absent";
    const exit_code topic = co_await run_consume(world, &on.out, &on.stop, absent);
    EXPECT_EQ(topic, exit_code::not_found);
}
TEST(consume, what_cannot_be_read_is_said) {
    kafka::testing::run_on_host(wrong);
}

}  // namespace
}  // namespace logstore::app
