#include "app/bench/load_run.h"

#include <fmt/format.h>

#include "app/bench/progress_line.h"
#include "app/bench/report.h"
#include "app/bench/report_text.h"
#include "kafka/protocol/messages/list_offsets.h"

namespace logstore::app::bench {

load_run::load_run(env::environment world, console& out, interruption& stop, const bench_load& asked,
                   const bench_topic& topic)
    : world_(world),
      out_(out),
      stop_(stop),
      asked_(asked),
      topic_(topic),
      setup_(world, asked, topic, static_cast<std::uint32_t>(world.random.next())) {}

env::task<result<>> load_run::run() {
    if (asked_.verify) {
        const auto found = co_await find_start();
        if (!found) co_return found;
    }
    const auto connected = co_await setup_.connect(&stop_);
    if (!connected || stop_.is_requested()) co_return connected;
    co_await measure();
    if (asked_.verify) co_await verify();
    co_return result<>();
}

env::task<result<>> load_run::find_start() {
    topic_reader reader(world_, topic_.server(), topic_.name());
    auto done = co_await reader.open();
    if (done) {
        auto found = co_await reader.offsets_at(kafka::latest_timestamp);
        if (found)
            start_ = std::move(*found);
        else
            done = std::unexpected(found.error());
    }
    co_await reader.close();
    co_return done;
}

env::task<void> load_run::measure() {
    was_measured_ = true;
    started_at_ = world_.time().wall_now();
    load_loop& loop = setup_.loop();
    stop_.listen([&loop] { loop.stop(); });
    const progress_line shown(world_.loop, out_, [this, &loop] { return title_ + progress(loop.tally()); });
    std::optional<metrics_watch> watch;
    if (asked_.http_server) watch.emplace(world_, *asked_.http_server).start();
    co_await loop.run();
    stop_.listen({});
    if (!watch) co_return;
    co_await watch->stop();
    groups_ = watch->points();
}

std::string load_run::progress(const load_tally& tally) {
    const std::uint64_t done = tally.succeeded + tally.failed;
    if (done == 0) return asked_.warm_up.count() > 0 ? "warming up" : "";
    const double rate = static_cast<double>(done - shown_before_) / seconds(progress_line::interval);
    shown_before_ = done;
    const std::string of = asked_.requests ? fmt::format(" of {}", *asked_.requests) : "";
    return fmt::format("{}{} requests, {}/s{}", done, of, with_commas(rate),
                       tally.failed > 0 ? fmt::format(", {} failed", tally.failed) : "");
}

// --- reading back

env::task<void> load_run::verify() {
    verifier into(setup_.values(), setup_.ledger(), {setup_.run_number(), topic_.was_made()});
    topic_reader reader(world_, topic_.server(), topic_.name());
    const auto done = co_await read_back(&reader, &into);
    co_await reader.close();
    verified_ = into.finish();
    if (!done) verified_->unread = done.error().message();
}

env::task<result<>> load_run::read_back(topic_reader* reader, verifier* into) {
    auto opened = co_await reader->open();
    if (!opened) co_return opened;
    auto ends = co_await reader->offsets_at(kafka::latest_timestamp);
    if (!ends) co_return std::unexpected(std::move(ends).error());
    const std::uint64_t expected = tally().records;
    const progress_line shown(world_.loop, out_, [this, expected] {
        return fmt::format("{}read back {} records of {}", title_, with_commas(read_), with_commas(expected));
    });
    co_return co_await reader->read(start_, std::move(*ends), [this, into](const kafka::record_block& block) {
        block.for_each([&](const kafka::consumed_record& one) {
            into->see(block.from().partition, one.offset, one.value);
            ++read_;
            return true;
        });
    });
}

}  // namespace logstore::app::bench
