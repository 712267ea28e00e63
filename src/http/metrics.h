// What the HTTP front door counts, and where the metrics of the whole process come from.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/histogram.h"
#include "env/clock.h"
#include "env/task.h"
#include "http/target.h"

namespace logstore::http {

/// Gives what GET /metrics answers. Called on the shard of the connection.
class metrics_source {
  public:
    virtual ~metrics_source() = default;
    /// In the text format of Prometheus.
    virtual env::task<std::string> render() = 0;
};

/// Plain numbers of one shard, written and read by its thread; a copy is a snapshot.
struct server_metrics {
    /// Every status that is sent; the last stands for any other.
    static constexpr std::array<int, 24> statuses{200, 201, 204, 207, 400, 403, 404, 405, 408, 409, 411, 413,
                                                  414, 415, 416, 417, 431, 500, 501, 503, 505, 507, 421, 0};

    /// By route and by place in `statuses`: requests that were answered.
    std::array<std::array<std::uint64_t, statuses.size()>, route_count> answers{};
    /// By route: from having a request as a whole to its answer, or the beginning of a stream, being on its way.
    std::array<time_histogram, route_count> latencies{};
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t appended_batches = 0;
    std::uint64_t appended_bytes = 0;
    std::uint64_t appended_records = 0;
    std::uint64_t read_records = 0;

    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_open = 0;
    std::uint64_t connections_over_limit = 0;
    std::uint64_t connections_closed_as_idle = 0;
    /// The client did not read its answers.
    std::uint64_t connections_closed_as_stalled = 0;
    /// Closed in the place of an answer: the outcome of a change was not known.
    std::uint64_t connections_closed_unanswered = 0;
    /// Streams of records that are open.
    std::uint64_t followers = 0;

    static std::size_t status_index(int status) {
        const auto found = std::ranges::find(statuses, status);
        return found == statuses.end() ? statuses.size() - 1
                                       : static_cast<std::size_t>(found - statuses.begin());
    }
    void count(route where, int status) { ++answers[static_cast<std::size_t>(where)][status_index(status)]; }
    void count_time(route where, env::duration took) {
        latencies[static_cast<std::size_t>(where)].observe(static_cast<std::uint64_t>(took.count()));
    }
    std::uint64_t of(route where, int status) const {
        return answers[static_cast<std::size_t>(where)][status_index(status)];
    }
};

}  // namespace logstore::http
