// DescribeCluster: the brokers and who leads them.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"
#include "model/numbers.h"

namespace logstore::kafka {

/// Whom a client takes itself to be speaking to; it may send any other number.
enum class endpoint_type : std::int8_t { unknown = 0, broker = 1, controller = 2 };

/// Nobody asked.
inline constexpr std::int32_t no_authorized_operations = std::numeric_limits<std::int32_t>::min();

struct describe_cluster_request {
    static constexpr api_key api = api_key::describe_cluster;

    bool with_authorized_operations = false;
    endpoint_type endpoint = endpoint_type::broker;

    void describe(this auto& m, auto& io, api_version v) {
        io(m.with_authorized_operations);
        if (v >= 1) io(m.endpoint);
    }
};

struct describe_cluster_response {
    static constexpr api_key api = api_key::describe_cluster;

    struct broker {
        broker_id id;
        std::string host;
        std::int32_t port = 0;
        std::optional<std::string> rack;

        void describe(this auto& m, auto& io, api_version) { io(m.id, m.host, m.port, m.rack); }
    };

    std::int32_t throttle_time_ms = 0;
    error_code error = error_code::none;
    std::optional<std::string> error_message;
    endpoint_type endpoint = endpoint_type::broker;
    std::string cluster_id;
    broker_id controller{-1};
    std::vector<broker> brokers;
    /// A bit for each operation that the asker may do, by Kafka's number of it.
    std::int32_t authorized_operations = no_authorized_operations;

    void describe(this auto& m, auto& io, api_version v) {
        io(m.throttle_time_ms, m.error, m.error_message);
        if (v >= 1) io(m.endpoint);
        io(m.cluster_id, m.controller, m.brokers, m.authorized_operations);
    }
};

}  // namespace logstore::kafka
