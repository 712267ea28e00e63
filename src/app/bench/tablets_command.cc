#include "app/bench/tablets_command.h"

#include <memory>

#include <fmt/format.h>

#include "app/bench/load_report.h"
#include "app/bench/load_run.h"
#include "app/bench/report_output.h"
#include "app/bench/report_text.h"
#include "app/server_access.h"
#include "app/text_table.h"

namespace logstore::app {
namespace bench {
namespace {

constexpr double megabyte = 1e6;

/// One topic, and what was measured on it so far.
struct contender {
    std::int32_t tablets = 0;
    std::unique_ptr<bench_topic> topic;
    std::vector<double> requests_per_second, megabytes_per_second;
    latency_histogram latencies;
    /// Of the first round, which touched each tablet for the first time.
    env::duration first_touch{0};
};

class tablets_command {
  public:
    tablets_command(env::environment world, console& out, interruption& stop,
                    const bench_tablets_command& asked)
        : world_(world), out_(out), stop_(stop), asked_(asked), output_(world, out, asked.place) {}

    env::task<exit_code> run();

  private:
    env::task<exit_code> run_rounds();
    env::task<result<>> make_topics();
    env::task<result<>> measure(contender* one, std::uint32_t round);
    env::task<exit_code> report();
    void add_rows();
    std::string text() const;

    env::environment world_;
    console& out_;
    interruption& stop_;
    const bench_tablets_command& asked_;
    report_output output_;
    std::vector<contender> contenders_;
    bench_report report_;
    bool is_good_ = true;
};

env::task<exit_code> tablets_command::run() {
    const auto opened = co_await output_.open();
    if (!opened) co_return report_failure(out_, "the bench", opened.error());
    const exit_code code = co_await run_rounds();
    co_await output_.close();
    for (const contender& one : contenders_)
        if (!asked_.place.keep_topic) co_await one.topic->remove_if_made(&out_);
    co_return code;
}

env::task<result<>> tablets_command::make_topics() {
    for (const std::int32_t tablets : asked_.tablets) {
        if (stop_.is_requested()) break;
        out_.show_progress(fmt::format("making a topic of {} tablets", with_commas(std::uint64_t(tablets))));
        bench_place place = asked_.place;
        place.topic = fmt::format("{}-{}", asked_.place.topic, tablets);
        place.partitions = tablets;
        contender& one = contenders_.emplace_back();
        one.tablets = tablets;
        one.topic = std::make_unique<bench_topic>(world_, place);
        auto ready = co_await one.topic->find_or_make(&stop_);
        if (!ready) co_return ready;
    }
    out_.show_progress({});
    co_return result<>();
}

env::task<exit_code> tablets_command::run_rounds() {
    const auto ready = co_await make_topics();
    if (!ready) {
        const std::string doing = fmt::format("the bench on topic '{}'", contenders_.back().topic->name());
        co_return report_failure(out_, doing, ready.error());
    }
    for (std::uint32_t round = 1; round <= asked_.rounds; ++round) {
        for (contender& one : contenders_) {
            if (stop_.is_requested()) break;
            const auto done = co_await measure(&one, round);
            if (done) continue;
            const std::string doing = fmt::format("the bench on topic '{}'", one.topic->name());
            co_return report_failure(out_, doing, done.error());
        }
    }
    if (report_.runs.empty()) co_return exit_code::interrupted;
    co_return co_await report();
}

env::task<result<>> tablets_command::measure(contender* one, std::uint32_t round) {
    load_run load(world_, out_, stop_, asked_.load, *one->topic);
    const std::string name = fmt::format("{} tablet{}, round {}", with_commas(std::uint64_t(one->tablets)),
                                         one->tablets == 1 ? "" : "s", round);
    load.set_title(name + ": ");
    auto done = co_await load.run();
    if (!done || !load.was_measured()) co_return done;
    const load_tally& tally = load.tally();
    if (report_.runs.empty()) {
        report_.started_at = load.started_at();
        report_.options = load_facts(asked_.place, asked_.load, *one->topic, load.records_per_request());
        std::erase_if(report_.options, [](const fact& of) { return of.name == "partitions"; });
        for (fact& of : report_.options)
            if (of.name == "topic") of.value = asked_.place.topic;
        report_.options.push_back({"rounds", std::int64_t(asked_.rounds)});
    }
    one->requests_per_second.push_back(rate_of(tally.succeeded, tally.elapsed));
    one->megabytes_per_second.push_back(rate_of(tally.bytes, tally.elapsed) / megabyte);
    one->latencies.add(tally.latencies);
    if (round == 1) one->first_touch = tally.first_touch;
    is_good_ &= is_good(tally, load.verified(), stop_.is_requested());
    say_failures(out_, asked_.load.connections, tally);
    if (load.verified()) say_findings(out_, *load.verified());
    report_.runs.push_back({name,
                            {{"tablets", std::int64_t(one->tablets)}, {"round", std::int64_t(round)}},
                            tally,
                            load.verified(),
                            {},
                            load.groups()});
    co_return done;
}

void tablets_command::add_rows() {
    for (const contender& one : contenders_) {
        if (one.requests_per_second.empty()) continue;
        report_.rows.push_back({{{"tablets", std::int64_t(one.tablets)},
                                 {"rounds", std::int64_t(one.requests_per_second.size())},
                                 {"requests_per_second", median_of(one.requests_per_second)},
                                 {"megabytes_per_second", median_of(one.megabytes_per_second)},
                                 {"first_touch_ms", milliseconds(one.first_touch)}},
                                one.latencies});
    }
}

std::string tablets_command::text() const {
    std::vector<std::vector<std::string>> rows{{"tablets", "requests/s", "of the first", "p50 ms", "p99 ms",
                                                "p99.9 ms", "max ms", "first touch ms"}};
    double first_rate = 0;
    for (const contender& one : contenders_) {
        if (one.requests_per_second.empty()) continue;
        const double rate = median_of(one.requests_per_second);
        if (rows.size() == 1) first_rate = rate;
        const auto quantile = [&](double q) {
            return fmt::format("{:.2f}", milliseconds(one.latencies.quantile(q)));
        };
        rows.push_back({with_commas(std::uint64_t(one.tablets)), with_commas(rate),
                        first_rate > 0 ? fmt::format("{:.2f}", rate / first_rate) : "-", quantile(0.5),
                        quantile(0.99), quantile(0.999),
                        fmt::format("{:.2f}", milliseconds(one.latencies.max())),
                        fmt::format("{:.2f}", milliseconds(one.first_touch))});
    }
    return text_table(rows) + loop_text(asked_.load) + "\n";
}

env::task<exit_code> tablets_command::report() {
    report_.bench = "tablets";
    report_.was_interrupted = stop_.is_requested();
    add_rows();
    const bool is_written = co_await output_.write(&report_, text());
    if (!is_written || !is_good_) co_return exit_code::failed;
    co_return stop_.is_requested() ? exit_code::interrupted : exit_code::success;
}

}  // namespace
}  // namespace bench

env::task<exit_code> run_bench_tablets(env::environment world, console* out, interruption* stop,
                                       bench_tablets_command asked) {
    bench::tablets_command command(world, *out, *stop, asked);
    co_return co_await command.run();
}

}  // namespace logstore::app
