// The front doors of the server: everything that clients connect to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/metrics_source.h"
#include "base/result.h"
#include "config/server_options.h"
#include "env/host.h"
#include "http/server.h"
#include "kafka/server/server.h"
#include "resp/server.h"
#include "shard/store.h"
#include "shard/store_broker.h"

namespace logstore::app {

/// Kafka's door, and HTTP's and Redis' where an address is given for them, on every shard of a store. Belongs to executor
/// 0. The host, the options and the store outlive it.
class doors {
  public:
    doors(env::host& host, const config::server_options& options, store& behind, start_facts facts)
        : host_(host), options_(options), store_(behind), figures_{behind, options.data_dir} {
        figures_.start = facts;
    }

    /// Begins to accept everywhere. What was opened before a failure is closed by stop().
    env::task<result<>> open();
    /// Completes when no client is left. Requests under way are finished.
    env::task<> stop();

    /// "kafka 127.0.0.1:9092, http 127.0.0.1:8080". REQUIRES: open() succeeded.
    std::string addresses() const;

  private:
    /// The doors of one shard; all of it belongs to that shard's thread.
    struct shard_doors {
        std::unique_ptr<store_broker> broker;
        std::unique_ptr<metrics_gatherer> metrics;
        std::unique_ptr<kafka::server> kafka;
        std::unique_ptr<http::server> http;
        std::unique_ptr<resp::server> resp;
    };

    result<env::socket_address> address_of(const std::string& text);
    static env::task<result<>> open_here(doors* self, std::uint32_t index);
    void describe_figures();
    void read_figures(std::uint32_t index, shard_sample& into) const;
    std::vector<memory_sample> read_memory() const;
    result<> open_kafka(shard_doors& which, std::uint32_t index);
    result<> open_http(shard_doors& which, std::uint32_t index);
    result<> open_resp(shard_doors& which, std::uint32_t index);
    /// HTTP's door last: while the other clients finish, /health/ready says that the server stops.
    static env::task<bool> stop_kafka(shard_doors* which);
    static env::task<bool> stop_resp(shard_doors* which);
    static env::task<bool> stop_http(shard_doors* which);
    env::task<> on_each_shard(env::task<bool> (*what)(shard_doors* which));

    env::host& host_;
    const config::server_options& options_;
    store& store_;
    metrics_origin figures_;
    std::unique_ptr<kafka::process_limits> kafka_limits_;
    std::unique_ptr<http::process_limits> http_limits_;
    std::unique_ptr<resp::process_limits> resp_limits_;
    env::socket_address kafka_at_;
    env::socket_address http_at_;
    env::socket_address resp_at_;
    std::vector<shard_doors> doors_;
};

}  // namespace logstore::app
