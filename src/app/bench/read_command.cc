#include "app/bench/read_command.h"

#include <fmt/format.h>

#include "app/bench/load_report.h"
#include "app/bench/load_run.h"
#include "app/bench/one_topic_bench.h"
#include "app/bench/progress_line.h"
#include "app/bench/read_pass.h"
#include "app/bench/report_text.h"
#include "app/bench/tail_run.h"
#include "app/text_table.h"
#include "kafka/protocol/messages/list_offsets.h"

namespace logstore::app {
namespace bench {
namespace {

constexpr double megabyte = 1e6;

class read_command final : public one_topic_bench {
  public:
    read_command(env::environment world, console& out, interruption& stop, const bench_read_command& asked)
        : one_topic_bench(world, out, stop, asked.place), asked_(asked) {}

  private:
    env::task<result<exit_code>> measure() override;
    env::task<result<>> run_all();
    env::task<result<>> fill();
    env::task<result<>> read_round(std::uint32_t round);
    env::task<result<>> read_all(read_pass::shape what, std::uint32_t round);
    env::task<result<>> follow_tail();
    void add(run_report run);
    exit_code nothing_to_read();
    env::task<exit_code> report();
    std::string text() const;
    std::vector<fact> options() const;

    const bench_read_command& asked_;
    bench_report report_;
    std::vector<double> records_per_second_, megabytes_per_second_;
    bool is_good_ = true;
};

env::task<result<exit_code>> read_command::measure() {
    report_.started_at = world_.time().wall_now();
    const auto done = co_await run_all();
    if (!done) co_return std::unexpected(done.error());
    if (!report_.runs.empty()) co_return co_await report();
    co_return stop_.is_requested() ? exit_code::interrupted : nothing_to_read();
}

env::task<result<>> read_command::run_all() {
    auto done = co_await fill();
    for (std::uint32_t round = 1; round <= asked_.rounds && done && !stop_.is_requested(); ++round)
        done = co_await read_round(round);
    if (done && !stop_.is_requested() && asked_.tail_duration.count() > 0) done = co_await follow_tail();
    co_return done;
}

void read_command::add(run_report run) {
    is_good_ &= is_good(run.tally, run.verified, stop_.is_requested());
    say_failures(out_, asked_.fill.connections, run.tally);
    if (run.verified) say_findings(out_, *run.verified);
    report_.runs.push_back(std::move(run));
}

env::task<result<>> read_command::fill() {
    if (!topic_.was_made()) {
        if (!asked_.fill.verify) co_return result<>();
        co_return fail(
            std::make_error_code(std::errc::invalid_argument),
            "it was there already and nothing is written to it, so --verify has nothing to compare with");
    }
    bench_load load = asked_.fill;
    const std::uint64_t a_request = std::uint64_t(records_per_request(load)) * load.value_bytes;
    load.requests = (asked_.fill_bytes + a_request - 1) / a_request;
    if (load.requests == 0) co_return result<>();
    load_run filling(world_, out_, stop_, load, topic_);
    filling.set_title("writing: ");
    auto done = co_await filling.run();
    if (done && filling.was_measured())
        add({"fill",
             {{"kind", std::string("fill")}},
             filling.tally(),
             filling.verified(),
             {},
             filling.groups()});
    co_return done;
}

env::task<result<>> read_command::read_round(std::uint32_t round) {
    read_pass::shape what{topic_.server(), topic_.name(), asked_.consumers, {}, {}};
    topic_reader reader(world_, topic_.server(), topic_.name());
    auto done = co_await reader.open();
    for (const auto& [when, into] :
         {std::pair(kafka::earliest_timestamp, &what.from), std::pair(kafka::latest_timestamp, &what.to)}) {
        if (!done) break;
        auto found = co_await reader.offsets_at(when);
        if (found)
            *into = std::move(*found);
        else
            done = std::unexpected(found.error());
    }
    co_await reader.close();
    if (!done) co_return done;
    co_return co_await read_all(std::move(what), round);
}

env::task<result<>> read_command::read_all(read_pass::shape what, std::uint32_t round) {
    std::uint64_t expected = 0;
    for (const auto& [which, end] : what.to)
        expected += static_cast<std::uint64_t>(end.value() - what.from.at(which).value());
    if (expected == 0) co_return result<>();
    read_pass pass(world_, std::move(what), {});
    stop_.listen([&pass] { pass.stop(); });
    {
        const progress_line shown(world_.loop, out_, [&] {
            return fmt::format("reading, round {}: {} records of {}", round,
                               with_commas(pass.tally().records), with_commas(expected));
        });
        co_await pass.run();
    }
    stop_.listen({});
    const load_tally& tally = pass.tally();
    if (!stop_.is_requested()) {
        records_per_second_.push_back(rate_of(tally.records, tally.elapsed));
        megabytes_per_second_.push_back(rate_of(tally.bytes, tally.elapsed) / megabyte);
    }
    add({fmt::format("read, round {}", round),
         {{"kind", std::string("read")},
          {"round", std::int64_t(round)},
          {"consumers", static_cast<std::int64_t>(pass.consumers())}},
         tally,
         {},
         {},
         {}});
    co_return result<>();
}

env::task<result<>> read_command::follow_tail() {
    bench_load load = asked_.fill;
    load.connections = distinct_leaders(topic_.leaders());
    load.in_flight = 1000;
    load.batch_bytes = 0;
    load.codec = compression_codec::none;
    load.rate = asked_.tail_rate;
    load.requests.reset();
    load.duration = asked_.tail_duration;
    load.warm_up = std::chrono::seconds(1);
    load.verify = true;  // which marks the records
    tail_run tail(world_, out_, stop_, load, topic_, asked_.consumers);
    auto done = co_await tail.run();
    if (done && tail.started_at().value() > 0) add(tail.report());
    co_return done;
}

// --- the report

exit_code read_command::nothing_to_read() {
    out_.say(fmt::format("topic '{}' is empty and nothing was to be written: there is nothing to read",
                         topic_.name()));
    return exit_code::failed;
}

std::vector<fact> read_command::options() const {
    bench_load load = asked_.fill;
    std::vector<fact> facts = load_facts(asked_.place, load, topic_, records_per_request(load));
    std::erase_if(facts, [](const fact& of) {
        return of.name == "rate_per_second" || of.name == "warm_up_seconds" ||
               of.name == "duration_seconds" || of.name == "requests" || of.name == "loop";
    });
    facts.push_back({"fill_bytes", static_cast<std::int64_t>(topic_.was_made() ? asked_.fill_bytes : 0)});
    facts.push_back({"consumers", std::int64_t(asked_.consumers)});
    facts.push_back({"rounds", std::int64_t(asked_.rounds)});
    facts.push_back({"tail_rate_per_second", asked_.tail_rate});
    facts.push_back({"tail_duration_seconds", seconds(asked_.tail_duration)});
    return facts;
}

std::string read_command::text() const {
    std::vector<std::vector<std::string>> rows{{"run", "records", "seconds", "records/s", "MB/s"}};
    std::string below;
    for (const run_report& run : report_.runs) {
        const load_tally& tally = run.tally;
        if (run.name == "tail") {
            below += latencies_text("Sent to received", tally.latencies);
            for (const auto& [name, latencies] : run.more_latencies)
                if (name == "acknowledged_to_received_ms")
                    below += latencies_text("Acknowledged to received", latencies);
        }
        if (run.verified) below = verification_text(*run.verified) + below;
        rows.push_back({run.name, with_commas(tally.records), fmt::format("{:.2f}", seconds(tally.elapsed)),
                        with_commas(rate_of(tally.records, tally.elapsed)),
                        fmt::format("{:.1f}", rate_of(tally.bytes, tally.elapsed) / megabyte)});
    }
    if (records_per_second_.size() > 1)
        rows.push_back({"read, median", "", "", with_commas(median_of(records_per_second_)),
                        fmt::format("{:.1f}", median_of(megabytes_per_second_))});
    return text_table(rows) + below;
}

env::task<exit_code> read_command::report() {
    report_.bench = "read";
    report_.options = options();
    report_.was_interrupted = stop_.is_requested();
    if (!records_per_second_.empty())
        report_.rows.push_back({{{"kind", std::string("read")},
                                 {"rounds", static_cast<std::int64_t>(records_per_second_.size())},
                                 {"records_per_second", median_of(records_per_second_)},
                                 {"megabytes_per_second", median_of(megabytes_per_second_)}},
                                {}});
    const bool is_written = co_await output_.write(&report_, text());
    if (!is_written || !is_good_) co_return exit_code::failed;
    co_return stop_.is_requested() ? exit_code::interrupted : exit_code::success;
}

}  // namespace
}  // namespace bench

env::task<exit_code> run_bench_read(env::environment world, console* out, interruption* stop,
                                    bench_read_command asked) {
    bench::read_command command(world, *out, *stop, asked);
    co_return co_await command.run();
}

}  // namespace logstore::app
