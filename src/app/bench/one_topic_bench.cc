#include "app/bench/one_topic_bench.h"

#include <fmt/format.h>

#include "app/server_access.h"

namespace logstore::app::bench {

one_topic_bench::one_topic_bench(env::environment world, console& out, interruption& stop,
                                 const bench_place& place)
    : world_(world),
      out_(out),
      stop_(stop),
      output_(world, out, place),
      topic_(world, place),
      place_(place) {}

env::task<exit_code> one_topic_bench::run() {
    const std::string doing = fmt::format("the bench on topic '{}'", place_.topic);
    const auto opened = co_await output_.open();
    if (!opened) co_return report_failure(out_, doing, opened.error());
    const auto ready = co_await topic_.find_or_make(&stop_);
    result<exit_code> code = exit_code::interrupted;
    if (!ready)
        code = std::unexpected(ready.error());
    else if (!stop_.is_requested())
        code = co_await measure();
    if (!code) code = report_failure(out_, doing, code.error());
    co_await output_.close();
    if (!place_.keep_topic) co_await topic_.remove_if_made(&out_);
    co_return *code;
}

}  // namespace logstore::app::bench
