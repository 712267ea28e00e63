// From what was asked for to a load that is ready to run.
#pragma once

#include <memory>
#include <optional>

#include "app/bench/bench_options.h"
#include "app/bench/bench_topic.h"
#include "app/bench/http_lane.h"
#include "app/bench/kafka_lane.h"
#include "app/bench/load_loop.h"
#include "app/bench/partition_shares.h"
#include "app/interruption.h"

namespace logstore::app::bench {

/// The records, the requests, the connections and the loop of one load. One executor.
class load_setup {
  public:
    /// `run` marks the records of a run that is verified. What it is given outlives it.
    load_setup(env::environment world, const bench_load& asked, const bench_topic& topic, std::uint32_t run);
    ~load_setup();
    load_setup(const load_setup&) = delete;
    load_setup& operator=(const load_setup&) = delete;

    /// Makes all connections; a few at a time. With an error, or when `stop` is requested, the load cannot
    /// run.
    env::task<result<>> connect(interruption* stop);

    load_loop& loop() { return loop_; }
    const payload& values() const { return values_; }
    const stream_ledger& ledger() const { return ledger_; }
    std::uint32_t run_number() const { return run_; }

  private:
    load_plan plan() const;
    result<> check_memory() const;
    env::task<void> connect_some(const std::vector<partition_share>* shares, std::size_t* next,
                                 interruption* stop, result<>* outcome);
    env::task<result<std::unique_ptr<lane>>> connect_one(env::socket_address leader);

    env::environment world_;
    const bench_load& asked_;
    const bench_topic& topic_;
    const std::uint32_t run_;
    const payload values_;
    stream_ledger ledger_;
    std::optional<kafka_requests> kafka_requests_;
    std::optional<http_requests> http_requests_;
    load_loop loop_;
};

/// Of one request.
std::uint32_t records_per_request(const bench_load& asked);

}  // namespace logstore::app::bench
