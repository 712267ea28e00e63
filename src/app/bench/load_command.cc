#include "app/bench/load_command.h"

#include <fmt/format.h>

#include "app/bench/load_report.h"
#include "app/bench/load_run.h"
#include "app/bench/report_output.h"
#include "app/bench/report_text.h"
#include "app/server_access.h"

namespace logstore::app {
namespace bench {
namespace {

/// One run, from finding the topic to deleting it.
class load_command {
  public:
    load_command(env::environment world, console& out, interruption& stop, const bench_load_command& asked)
        : world_(world),
          out_(out),
          stop_(stop),
          asked_(asked),
          output_(world, out, asked.place),
          topic_(world, asked.place) {}

    env::task<exit_code> run();

  private:
    env::task<exit_code> run_on_topic();
    env::task<exit_code> report(load_run* load);
    exit_code verdict(load_run& load) const;

    env::environment world_;
    console& out_;
    interruption& stop_;
    const bench_load_command& asked_;
    report_output output_;
    bench_topic topic_;
};

env::task<exit_code> load_command::run() {
    const std::string doing = fmt::format("the bench on topic '{}'", asked_.place.topic);
    const auto opened = co_await output_.open();
    if (!opened) co_return report_failure(out_, doing, opened.error());
    const auto ready = co_await topic_.find_or_make(&stop_);
    exit_code code = exit_code::interrupted;
    if (!ready)
        code = report_failure(out_, doing, ready.error());
    else if (!stop_.is_requested())
        code = co_await run_on_topic();
    co_await output_.close();
    if (!asked_.place.keep_topic) co_await topic_.remove_if_made(&out_);
    co_return code;
}

env::task<exit_code> load_command::run_on_topic() {
    load_run load(world_, out_, stop_, asked_.load, topic_);
    const auto done = co_await load.run();
    if (done && load.was_measured()) co_return co_await report(&load);
    if (done) co_return exit_code::interrupted;
    const std::string doing = fmt::format("the bench on topic '{}'", asked_.place.topic);
    co_return report_failure(out_, doing, done.error());
}

env::task<exit_code> load_command::report(load_run* load) {
    const load_tally& tally = load->tally();
    const bool shows_latency = asked_.shows == bench_load_command::emphasis::latency;
    bench_report made;
    made.bench = shows_latency ? "latency" : "throughput";
    made.started_at = load->started_at();
    made.options = load_facts(asked_.place, asked_.load, topic_, load->records_per_request());
    made.was_interrupted = stop_.is_requested();
    made.runs.push_back({made.bench, {}, tally, load->verified(), {}, load->groups()});
    std::string text = shows_latency ? latency_text(asked_.load, tally) : throughput_text(asked_.load, tally);
    if (load->verified()) text += verification_text(*load->verified());
    const bool is_written = co_await output_.write(&made, std::move(text));
    say_failures(out_, asked_.load.connections, tally);
    if (load->verified()) say_findings(out_, *load->verified());
    co_return is_written ? verdict(*load) : exit_code::failed;
}

exit_code load_command::verdict(load_run& load) const {
    const load_tally& tally = load.tally();
    const bool was_stopped = stop_.is_requested();
    const bool is_whole = was_stopped || !asked_.load.requests || tally.succeeded == *asked_.load.requests;
    if (!is_whole || !is_good(tally, load.verified(), was_stopped)) return exit_code::failed;
    return was_stopped ? exit_code::interrupted : exit_code::success;
}

}  // namespace
}  // namespace bench

env::task<exit_code> run_bench_load(env::environment world, console* out, interruption* stop,
                                    bench_load_command asked) {
    bench::load_command command(world, *out, *stop, asked);
    co_return co_await command.run();
}

}  // namespace logstore::app
