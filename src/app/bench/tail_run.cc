#include "app/bench/tail_run.h"

#include <fmt/format.h>

#include "app/bench/progress_line.h"
#include "app/bench/report_text.h"
#include "env/gate.h"
#include "kafka/protocol/messages/list_offsets.h"

namespace logstore::app::bench {
namespace {

/// For what is acknowledged and has not arrived when the load is over.
constexpr env::duration patience = std::chrono::seconds(5);
constexpr env::duration look_again = std::chrono::milliseconds(10);

}  // namespace

tail_run::tail_run(env::environment world, console& out, interruption& stop, const bench_load& load,
                   const bench_topic& topic, std::uint32_t consumers)
    : world_(world),
      out_(out),
      stop_(stop),
      asked_(load),
      topic_(topic),
      consumers_(consumers),
      setup_(world, asked_, topic, static_cast<std::uint32_t>(world.random.next())),
      clock_(setup_.run_number(), load.value_bytes) {
    setup_.loop().watch(clock_);
}

env::task<result<partition_offsets>> tail_run::ends() {
    topic_reader reader(world_, topic_.server(), topic_.name());
    result<partition_offsets> found;
    const auto known = co_await reader.open();
    if (known)
        found = co_await reader.offsets_at(kafka::latest_timestamp);
    else
        found = std::unexpected(known.error());
    co_await reader.close();
    co_return found;
}

env::task<result<>> tail_run::run() {
    auto from = co_await ends();
    if (!from) co_return std::unexpected(std::move(from).error());
    const auto connected = co_await setup_.connect(&stop_);
    if (!connected || stop_.is_requested()) co_return connected;
    read_pass consumers(world_, {topic_.server(), topic_.name(), consumers_, std::move(*from), {}},
                        [this](const kafka::record_block& block) {
                            const env::monotonic_time now = world_.time().now();
                            block.for_each([&](const kafka::consumed_record& one) {
                                if (one.value) clock_.on_received(*one.value, now);
                                return true;
                            });
                        });
    started_at_ = world_.time().wall_now();
    env::gate reading;
    env::spawn(reading, consumers.run());
    co_await produce_and_wait(&consumers);
    consumers.stop();
    co_await reading.close();
    errors_ = consumers.tally().errors;
    ended_at_ = world_.time().now();
    co_return result<>();
}

env::task<void> tail_run::produce_and_wait(read_pass* consumers) {
    load_loop& loop = setup_.loop();
    stop_.listen([&loop] { loop.stop(); });
    const progress_line shown(world_.loop, out_, [this] {
        return fmt::format("tail: {} records received", with_commas(clock_.sent_to_received().count()));
    });
    co_await loop.run();
    stop_.listen({});
    const env::monotonic_time until = world_.time().now() + patience;
    while (clock_.missing() > 0 && world_.time().now() < until && consumers->tally().failed == 0)
        co_await env::sleep(world_.loop, look_again);
}

run_report tail_run::report() {
    const load_tally& load = setup_.loop().tally();
    run_report made;
    made.name = "tail";
    made.parameters = {{"kind", std::string("tail")},
                       {"missing", static_cast<std::int64_t>(clock_.missing())}};
    load_tally& tally = made.tally;
    tally.sent = load.sent;
    tally.latencies = clock_.sent_to_received();
    tally.succeeded = tally.latencies.count();
    tally.failed = load.failed + clock_.missing() + errors_.total();
    tally.records = tally.succeeded;
    tally.bytes = tally.records * asked_.value_bytes;
    tally.overdue = load.overdue;
    tally.connections_lost = load.connections_lost;
    tally.errors = load.errors;
    for (const auto& one : errors_.entries()) tally.errors.add({one.kind, one.example, false}, one.count);
    tally.errors.add({"not received", "acknowledged records did not arrive", false}, clock_.missing());
    tally.first_touch = load.first_touch;
    tally.elapsed = load.elapsed;
    tally.series = clock_.finish(ended_at_);
    made.more_latencies = {{"acknowledgement_ms", load.latencies},
                           {"acknowledged_to_received_ms", clock_.acknowledged_to_received()}};
    return made;
}

}  // namespace logstore::app::bench
