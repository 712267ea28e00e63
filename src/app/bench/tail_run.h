// Producing at a steady rate while consumers wait at the end.
#pragma once

#include <optional>

#include "app/bench/load_setup.h"
#include "app/bench/read_pass.h"
#include "app/bench/report.h"
#include "app/bench/tail_clock.h"
#include "app/console.h"

namespace logstore::app::bench {

/// One measurement, by one process whose clock stamps both ends. One executor. What it is given outlives it.
class tail_run {
  public:
    /// `load` is an open loop of one record a request.
    tail_run(env::environment world, console& out, interruption& stop, const bench_load& load,
             const bench_topic& topic, std::uint32_t consumers);

    /// Once. An error: nothing was measured.
    env::task<result<>> run();
    /// Latencies are those from when a record was due until a consumer had it.
    run_report report();
    timestamp_ms started_at() const { return started_at_; }

  private:
    env::task<result<partition_offsets>> ends();
    env::task<void> produce_and_wait(read_pass* consumers);

    env::environment world_;
    console& out_;
    interruption& stop_;
    const bench_load& asked_;
    const bench_topic& topic_;
    const std::uint32_t consumers_;
    load_setup setup_;
    tail_clock clock_;
    timestamp_ms started_at_;
    env::monotonic_time ended_at_;
    /// Of the consumers.
    error_counts errors_;
};

}  // namespace logstore::app::bench
