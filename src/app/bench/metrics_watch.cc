#include "app/bench/metrics_watch.h"

#include <charconv>

#include <fmt/format.h>

namespace logstore::app::bench {
namespace {

constexpr env::duration interval = std::chrono::seconds(1);
constexpr env::duration step = std::chrono::milliseconds(50);
/// A shorter time since the point before is no point of its own.
constexpr double seconds_min = 0.2;

}  // namespace

std::optional<double> metric_sum(std::string_view text, std::string_view name) {
    std::optional<double> sum;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.starts_with(name)) continue;
        line.remove_prefix(name.size());
        if (line.starts_with('{')) {
            const std::size_t close = line.find('}');
            if (close == std::string_view::npos) continue;
            line.remove_prefix(close + 1);
        }
        if (!line.starts_with(' ')) continue;
        double value = 0;
        const auto [last, wrong] = std::from_chars(line.data() + 1, line.data() + line.size(), value);
        if (wrong == std::errc()) sum = sum.value_or(0) + value;
    }
    return sum;
}

env::task<void> metrics_watch::run() {
    env::socket_address server = server_;
    auto connected = co_await http_client::connect(world_, std::move(server));
    if (!connected) {
        trouble_ = connected.error().message();
        co_return;
    }
    began_ = world_.time().now();
    env::monotonic_time next = began_;
    while (true) {
        const bool is_last = stopped_;
        const bool goes_on = co_await look(connected->get());
        if (is_last || !goes_on) co_return;
        next += interval;
        while (!stopped_ && world_.time().now() < next) co_await env::sleep(world_.loop, step);
    }
}

env::task<bool> metrics_watch::look(http_client* at) {
    const auto answer = co_await at->get("/metrics");
    if (!answer || answer->status != 200) {
        trouble_ = answer ? fmt::format("/metrics answers {}", answer->status) : answer.error().message();
        co_return false;
    }
    const auto groups = metric_sum(answer->body, "logstore_journal_group_appends_count");
    const auto appends = metric_sum(answer->body, "logstore_journal_group_appends_sum");
    if (!groups || !appends) {
        trouble_ = "/metrics says nothing of groups";
        co_return false;
    }
    const auto flushes = metric_sum(answer->body, "logstore_journal_flush_seconds_count");
    const auto flush_seconds = metric_sum(answer->body, "logstore_journal_flush_seconds_sum");
    const totals now{world_.time().now(), *groups, *appends, flushes.value_or(0), flush_seconds.value_or(0)};
    if (!last_) {
        last_ = now;
        co_return true;
    }
    const double passed = std::chrono::duration<double>(now.at - last_->at).count();
    if (passed < seconds_min) co_return true;
    const double more_groups = now.groups - last_->groups, more_flushes = now.flushes - last_->flushes;
    group_point point;
    point.at = now.at - began_;
    point.groups_per_second = more_groups / passed;
    if (more_groups > 0) point.appends_per_group = (now.appends - last_->appends) / more_groups;
    if (more_flushes > 0) point.flush_ms = 1000 * (now.flush_seconds - last_->flush_seconds) / more_flushes;
    points_.push_back(point);
    last_ = now;
    co_return true;
}

env::task<void> metrics_watch::stop() {
    stopped_ = true;
    co_await running_.close();
}

}  // namespace logstore::app::bench
