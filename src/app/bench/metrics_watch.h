// What a server says of its groups while it is measured.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/bench/http_client.h"
#include "env/gate.h"

namespace logstore::app::bench {

/// Of the time since the point before.
struct group_point {
    /// Since the watch began.
    env::duration at{0};
    double groups_per_second = 0;
    /// Appends that shared one flush, on average; 0 where there was none.
    double appends_per_group = 0;
    double flush_ms = 0;
};

/// The sum of a metric over all its labels in the text format of Prometheus; nothing where there is none.
/// Total.
std::optional<double> metric_sum(std::string_view text, std::string_view name);

/// Asks for /metrics once a second while it runs, and gives up at the first answer that does not come. One
/// executor. A measurement never fails by it. Memory: a point a second.
class metrics_watch {
  public:
    metrics_watch(env::environment world, env::socket_address server)
        : world_(world), server_(std::move(server)) {}
    metrics_watch(const metrics_watch&) = delete;
    metrics_watch& operator=(const metrics_watch&) = delete;

    void start() { env::spawn(running_, run()); }
    /// Completes after a last look. REQUIRES: started.
    env::task<void> stop();

    const std::vector<group_point>& points() const { return points_; }
    /// Why there is nothing, or nothing more; empty = all is well.
    const std::string& trouble() const { return trouble_; }

  private:
    struct totals {
        env::monotonic_time at;
        double groups = 0, appends = 0, flushes = 0, flush_seconds = 0;
    };

    env::task<void> run();
    env::task<bool> look(http_client* at);

    env::environment world_;
    const env::socket_address server_;
    env::gate running_;
    bool stopped_ = false;
    std::optional<totals> last_;
    env::monotonic_time began_;
    std::vector<group_point> points_;
    std::string trouble_;
};

}  // namespace logstore::app::bench
