#include "app/bench/load_command.h"

#include "app/bench/load_report.h"
#include "app/bench/load_run.h"
#include "app/bench/one_topic_bench.h"
#include "app/bench/report_text.h"

namespace logstore::app {
namespace bench {
namespace {

class load_command final : public one_topic_bench {
  public:
    load_command(env::environment world, console& out, interruption& stop, const bench_load_command& asked)
        : one_topic_bench(world, out, stop, asked.place), asked_(asked) {}

  private:
    env::task<result<exit_code>> measure() override;
    env::task<exit_code> report(load_run* load);
    exit_code verdict(load_run& load) const;

    const bench_load_command& asked_;
};

env::task<result<exit_code>> load_command::measure() {
    load_run load(world_, out_, stop_, asked_.load, topic_);
    const auto done = co_await load.run();
    if (!done) co_return std::unexpected(done.error());
    if (!load.was_measured()) co_return exit_code::interrupted;
    co_return co_await report(&load);
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
