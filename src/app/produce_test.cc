#include "app/produce.h"

#include <gtest/gtest.h>

#include "app/produce_report.h"
#include "app/testing/recorded_console.h"
#include "kafka/client/testing/log_content.h"
#include "kafka/client/testing/memory_topics.h"
#include "kafka/client/testing/run_on_host.h"

namespace logstore::app {
namespace {

using namespace std::chrono_literals;
using fate = kafka::testing::fake_broker::fate;
using kafka::testing::fake_broker;
using kafka::testing::memory_topics;
using kafka::testing::values_in;

/// Pieces that were written down before; then the end, or nothing for ever.
class scripted_input final : public byte_input {
  public:
    explicit scripted_input(env::environment world) : world_(world) {}
    env::task<result<piece>> read() override {
        co_await env::sleep(world_.loop, 1ms);
        piece brought;
        if (next_ < pieces.size())
            brought.bytes = bytes_of(pieces[next_++]);
        else
            brought.is_end = ends;
        co_return brought;
    }
    std::vector<std::string> pieces;
    bool ends = true;

  private:
    env::environment world_;
    std::size_t next_ = 0;
};

struct stage {
    explicit stage(env::environment the_world)
        : world(the_world), broker(world), memory(broker), input(world) {
        const auto parsed = parse_command_line({"produce", "events", "--server", broker.address().text(),
                                                "--timeout", "1s", "--partition", "0"});
        asked = std::get<produce_command>(parsed.value());
        memory.add("events", 1);
    }
    memory_topics::partition& partition() { return memory.topics.at("events").partitions.at(0); }

    env::environment world;
    fake_broker broker;
    memory_topics memory;
    scripted_input input;
    interruption stop;
    produce_command asked;
    testing::recorded_console out;
};

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

env::task<void> lines(env::environment world) {
    stage on(world);
    on.input.pieces = {"one\ntw", "o\n\nlast"};
    const exit_code code = co_await run_produce(world, &on.out, &on.input, &on.stop, on.asked);
    EXPECT_EQ(code, exit_code::success) << on.out.said;
    EXPECT_EQ(values_in(on.partition()), (std::vector<std::string>{"one", "two", "", "last"}));
    EXPECT_TRUE(on.out.said.starts_with("4 records acknowledged in ")) << on.out.said;
    EXPECT_EQ(on.out.printed, "");
}
TEST(produce, every_line_is_a_record) {
    kafka::testing::run_on_host(lines);
}

env::task<void> keys(env::environment world) {
    stage on(world);
    on.asked.key_separator = "::";
    on.asked.null_marker = "NULL";
    on.asked.headers = {{"h", "x"}};
    on.asked.target.json = true;
    on.input.pieces = {"a::1\nb::2::3\nc::NULL\nno key\n::empty\n"};
    const exit_code code = co_await run_produce(world, &on.out, &on.input, &on.stop, on.asked);
    EXPECT_EQ(code, exit_code::success) << on.out.said;
    std::string seen;
    kafka::testing::for_each_record(on.partition().log, [&](const auto&, const kafka::record& one) {
        const auto text = [](const auto& bytes) { return bytes ? std::string(text_of(*bytes)) : "null"; };
        seen += text(one.key) + "=" + text(one.value) + " ";
        EXPECT_EQ(one.headers.count(), 1u);
    });
    EXPECT_EQ(seen, "a=1 b=2::3 c=null null=no key =empty ");
    EXPECT_TRUE(on.out.printed.starts_with(R"({"topic":"events","acknowledged":5,)")) << on.out.printed;
    EXPECT_EQ(on.out.said, "");
}
TEST(produce, a_line_is_cut_into_key_and_value) {
    kafka::testing::run_on_host(keys);
}

env::task<void> nowhere(env::environment world) {
    stage on(world);
    on.asked.topic = "absent";
    const exit_code absent = co_await run_produce(world, &on.out, &on.input, &on.stop, on.asked);
    EXPECT_EQ(absent, exit_code::not_found);
    EXPECT_CONTAINS(on.out.said, "Create it with 'logstore topic create absent'");
    on.asked.topic = "events";
    on.asked.partition = 1;
    const exit_code partition = co_await run_produce(world, &on.out, &on.input, &on.stop, on.asked);
    EXPECT_EQ(partition, exit_code::wrong_usage);
    EXPECT_CONTAINS(on.out.said, "it has 1 partition, numbered from 0; there is no partition 1");
    on.broker.stop_listening();
    const exit_code server = co_await run_produce(world, &on.out, &on.input, &on.stop, on.asked);
    EXPECT_EQ(server, exit_code::server_unreachable);
    EXPECT_CONTAINS(on.out.said, on.asked.target.server.text());
    EXPECT_CONTAINS(on.out.said, "tried for 1 s");
}
TEST(produce, what_is_not_there_is_said_before_anything_is_read) {
    kafka::testing::run_on_host(nowhere);
}

env::task<void> refused(env::environment world) {
    stage on(world);
    on.partition().produce_errors = {kafka::error_code::invalid_record};
    on.input.pieces = {"one\n"};
    on.input.ends = false;
    const exit_code code = co_await run_produce(world, &on.out, &on.input, &on.stop, on.asked);
    EXPECT_EQ(code, exit_code::failed);
    EXPECT_CONTAINS(on.out.said, "0 records acknowledged, 1 failed");
    EXPECT_CONTAINS(on.out.said, "INVALID_RECORD");
}
TEST(produce, a_refused_record_ends_the_reading) {
    kafka::testing::run_on_host(refused);
}

env::task<void> doubled(env::environment world) {
    stage on(world);
    on.input.pieces = {"one\ntwo\n"};
    on.broker.decide = [done = false](const kafka::request_frame& request) mutable {
        const bool is_produce = request.header.api == kafka::api_key::produce;
        return is_produce && !std::exchange(done, true) ? fate::close_after : fate::serve;
    };
    const exit_code code = co_await run_produce(world, &on.out, &on.input, &on.stop, on.asked);
    EXPECT_EQ(code, exit_code::success) << on.out.said;
    EXPECT_CONTAINS(on.out.said, "2 records may be stored twice");
}
env::task<void> unknown(env::environment world) {
    stage on(world);
    on.asked.at_most_once = true;
    on.input.pieces = {"one\ntwo\n"};
    on.broker.decide = [](const kafka::request_frame& request) {
        return request.header.api == kafka::api_key::produce ? fate::close_after : fate::serve;
    };
    const exit_code code = co_await run_produce(world, &on.out, &on.input, &on.stop, on.asked);
    EXPECT_EQ(code, exit_code::server_unreachable);
    EXPECT_CONTAINS(on.out.said, "0 records acknowledged, 2 of unknown outcome (they may be stored)");
}
TEST(produce, a_lost_answer_is_told_as_what_it_may_mean) {
    kafka::testing::run_on_host(doubled);
    kafka::testing::run_on_host(unknown);
}

env::task<void> interrupted(env::environment world) {
    stage on(world);
    on.asked.linger = 50ms;
    on.input.pieces = {"one\ntwo\nthr"};
    on.input.ends = false;
    world.loop.start_timer(world.time().now() + 20ms, [&on] { on.stop.request(); });
    const exit_code code = co_await run_produce(world, &on.out, &on.input, &on.stop, on.asked);
    EXPECT_EQ(code, exit_code::interrupted);
    EXPECT_CONTAINS(on.out.said, "2 records acknowledged");
    EXPECT_EQ(values_in(on.partition()), (std::vector<std::string>{"one", "two"}));
}
TEST(produce, an_interruption_sends_what_was_read_and_says_so) {
    kafka::testing::run_on_host(interrupted);
}

env::task<void> unconfirmed(env::environment world) {
    stage on(world);
    on.asked.acks = kafka::required_acks::none;
    on.input.pieces = {"one\ntwo\n"};
    const exit_code taken = co_await run_produce(world, &on.out, &on.input, &on.stop, on.asked);
    EXPECT_EQ(taken, exit_code::success) << on.out.said;
    EXPECT_CONTAINS(on.out.said, "2 records sent, none acknowledged (--acks 0)");
}
TEST(produce, without_acks_nothing_is_called_acknowledged) {
    kafka::testing::run_on_host(unconfirmed);
}

TEST(produce, the_report_puts_numbers_for_people) {
    EXPECT_EQ(with_separators(0), "0");
    EXPECT_EQ(with_separators(999), "999");
    EXPECT_EQ(with_separators(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace logstore::app
