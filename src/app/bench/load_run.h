// One load, from connecting to reading back.
#pragma once

#include <optional>

#include "app/bench/load_setup.h"
#include "app/bench/metrics_watch.h"
#include "app/bench/topic_reader.h"
#include "app/bench/verifier.h"
#include "app/console.h"

namespace logstore::app::bench {

/// Connects, runs the load, and reads everything back where that is asked for; shows how far it is. One
/// executor. What it is given outlives it.
class load_run {
  public:
    load_run(env::environment world, console& out, interruption& stop, const bench_load& asked,
             const bench_topic& topic);

    /// Once. An error: nothing was measured. Interrupted, what was done until then is in the tally, and it is
    /// read back all the same; a second interruption ends the process.
    env::task<result<>> run();

    /// Whether there is anything to report.
    bool was_measured() const { return was_measured_; }
    const load_tally& tally() { return setup_.loop().tally(); }
    const std::optional<verification>& verified() const { return verified_; }
    /// Of the server, where it was asked.
    const std::vector<group_point>& groups() const { return groups_; }
    timestamp_ms started_at() const { return started_at_; }
    std::uint32_t records_per_request() const { return setup_.values().records_per_request(); }
    /// Shown before how far it is.
    void set_title(std::string title) { title_ = std::move(title); }

  private:
    env::task<result<>> find_start();
    env::task<void> measure();
    std::string progress(const load_tally& tally);
    env::task<void> verify();
    env::task<result<>> read_back(topic_reader* reader, verifier* into);

    env::environment world_;
    console& out_;
    interruption& stop_;
    const bench_load& asked_;
    const bench_topic& topic_;
    load_setup setup_;
    std::string title_;
    bool was_measured_ = false;
    timestamp_ms started_at_;
    /// Of each partition, before the load.
    partition_offsets start_;
    std::uint64_t shown_before_ = 0;
    std::uint64_t read_ = 0;
    std::optional<verification> verified_;
    std::vector<group_point> groups_;
};

}  // namespace logstore::app::bench
