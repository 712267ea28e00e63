// Where /metrics comes from: the figures of all shards, gathered by the shard that is asked.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "app/metrics_snapshot.h"
#include "env/environment.h"
#include "http/metrics.h"
#include "shard/store.h"

namespace logstore::app {

/// What the figures are gathered from. Outlives the sources.
struct metrics_origin {
    store& data;
    std::string data_dir;
    std::uint64_t open_files_max = 0;
    std::uint32_t kafka_connections_max = 0;
    std::uint32_t http_connections_max = 0;
    std::uint32_t resp_connections_max = 0;
    start_facts start;
    /// The figures of one shard's doors, called on its thread.
    std::function<void(std::uint32_t shard, shard_sample& into)> read_doors;
    /// Limits that the shards share. Any thread.
    std::function<std::vector<memory_sample>()> read_memory;
};

/// Answers on one shard. Each shard copies its plain numbers when a message asks it to, so that counting needs no
/// locks and no atomics; a scrape costs each shard the time of a copy (some tens of kilobytes), and this one the
/// writing of the text. Shards that stop are left out.
class metrics_gatherer final : public http::metrics_source {
  public:
    metrics_gatherer(const metrics_origin& from, std::uint32_t shard_index) : from_(from), index_(shard_index) {}

    env::task<std::string> render() override;

  private:
    env::task<std::unique_ptr<shard_sample>> sample_of(std::uint32_t index);

    const metrics_origin& from_;
    const std::uint32_t index_;
};

}  // namespace logstore::app
