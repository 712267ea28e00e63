// What the commands of `logstore bench` are asked for. Everything has passed the checks that need no server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "env/clock.h"
#include "env/stream.h"
#include "model/record_batch.h"

namespace logstore::app {

/// Where a bench runs and what it leaves behind.
struct bench_place {
    /// Kafka's door: also where a bench over HTTP makes, reads back and removes its topic.
    env::socket_address server;
    std::string topic;
    /// Nothing = as many as the topic has; `partitions_when_made` when it is made.
    std::optional<std::int32_t> partitions;
    std::int32_t partitions_when_made = 1;
    /// Leave the topic that was made for the run.
    bool keep_topic = false;
    /// Where the report goes as JSON; "-" = to standard output, in the place of the text.
    std::optional<std::string> json_file;
    /// Where it goes as a page.
    std::optional<std::string> html_file;
};

enum class bench_protocol { kafka, http };

/// The load of a bench.
struct bench_load {
    bench_protocol protocol = bench_protocol::kafka;
    /// With bench_protocol::http; else, where it is given, to ask for metrics.
    std::optional<env::socket_address> http_server;
    std::uint32_t connections = 1;
    std::uint32_t in_flight = 1;
    std::uint32_t value_bytes = 0;
    /// Of a request's batch; 0 = one record a request.
    std::uint64_t batch_bytes = 0;
    compression_codec codec = compression_codec::none;
    /// Requests a second in all; nothing = closed loop.
    std::optional<double> rate;
    env::duration warm_up{0};
    /// One of the two.
    std::optional<env::duration> duration;
    std::optional<std::uint64_t> requests;
    /// Mark the records, read them back and compare.
    bool verify = false;
};

/// `logstore bench latency` and `logstore bench throughput`, which differ in their defaults and in what their
/// text puts first.
struct bench_load_command {
    enum class emphasis { latency, throughput };

    emphasis shows = emphasis::latency;
    bench_place place;
    bench_load load;
};

/// `logstore bench tablets`.
struct bench_tablets_command {
    /// The topics are called by its topic and their number of partitions.
    bench_place place;
    /// Of each measurement.
    bench_load load;
    /// Partitions of the topics, each measured in every round; distinct.
    std::vector<std::int32_t> tablets;
    std::uint32_t rounds = 1;
};

/// `logstore bench read`.
struct bench_read_command {
    bench_place place;
    /// How a topic that is made for the run is filled; nothing is written to one that was there.
    bench_load fill;
    /// Of values.
    std::uint64_t fill_bytes = 0;
    std::uint32_t consumers = 1;
    /// From the beginning to the end.
    std::uint32_t rounds = 1;
    /// Records a second, one a request, while consumers wait at the end.
    double tail_rate = 0;
    /// 0 = not at all.
    env::duration tail_duration{0};
};

}  // namespace logstore::app
