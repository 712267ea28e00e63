#include "app/bench/series.h"

namespace logstore::app::bench {

void time_series::add(env::monotonic_time now, env::duration latency, std::uint64_t records,
                      std::uint64_t bytes) {
    add(now, records, bytes);
    latencies_.record(latency);
}

void time_series::add(env::monotonic_time now, std::uint64_t records, std::uint64_t bytes) {
    close_points(now);
    ++open_.requests;
    open_.records += records;
    open_.bytes += bytes;
}

void time_series::add_failure(env::monotonic_time now) {
    close_points(now);
    ++open_.failed;
}

void time_series::finish(env::monotonic_time now) {
    close_points(now);
    const bool is_empty = open_.requests == 0 && open_.failed == 0;
    if (now > point_begins_ && !(is_empty && points_.size() > 0)) close_point(now);
}

void time_series::close_points(env::monotonic_time now) {
    while (now >= point_begins_ + point_length) close_point(point_begins_ + point_length);
}

void time_series::close_point(env::monotonic_time ends) {
    open_.begins = point_begins_ - start_;
    open_.lasts = ends - point_begins_;
    if (latencies_.count() > 0) {
        open_.p50 = latencies_.quantile(0.5);
        open_.p99 = latencies_.quantile(0.99);
        open_.max = latencies_.max();
        latencies_.clear();
    }
    points_.push_back(open_);
    open_ = {};
    point_begins_ = ends;
}

}  // namespace logstore::app::bench
