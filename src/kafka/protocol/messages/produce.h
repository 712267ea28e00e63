// Produce: append record batches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/record_bytes.h"
#include "kafka/protocol/short_list.h"
#include "model/numbers.h"

namespace logstore::kafka {

/// The leader a client should have asked, in answers from Produce 10 and Fetch 12 on.
struct leader_and_epoch {
    broker_id leader{-1};
    leader_epoch epoch = no_leader_epoch;

    bool operator==(const leader_and_epoch&) const = default;
    void describe(this auto& m, auto& io, api_version) { io(m.leader, m.epoch); }
};

/// With one topic and one partition nothing is allocated.
struct produce_request {
    static constexpr api_key api = api_key::produce;

    struct partition {
        partition_id index;
        /// Within the frame. Null or empty is answered with an error, not refused here.
        record_bytes records;

        void describe(this auto& m, auto& io, api_version) { io(m.index, m.records); }
    };
    struct topic {
        std::string_view name;
        short_list<partition> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };

    std::optional<std::string_view> transactional_id;
    /// -1 = all in-sync replicas, 0 = no answer, 1 = the leader.
    std::int16_t acks = 0;
    std::int32_t timeout_ms = 0;
    short_list<topic> topics;

    void describe(this auto& m, auto& io, api_version) {
        io(m.transactional_id, m.acks, m.timeout_ms, m.topics);
    }
};

/// With one topic, one partition and no error nothing is allocated. Topic names are views: of the request's
/// frame on the broker, of the response's in a client.
struct produce_response {
    static constexpr api_key api = api_key::produce;

    struct record_error {
        std::int32_t batch_index = 0;
        std::optional<std::string> message;

        void describe(this auto& m, auto& io, api_version) { io(m.batch_index, m.message); }
    };
    struct partition {
        partition_id index;
        error_code error = error_code::none;
        offset base_offset{-1};
        timestamp_ms log_append_time = no_timestamp;
        offset log_start_offset{-1};
        std::vector<record_error> record_errors;
        std::optional<std::string> error_message;
        leader_and_epoch current_leader;

        void describe(this auto& m, auto& io, api_version v) {
            io(m.index, m.error, m.base_offset);
            if (v >= 2) io(m.log_append_time);
            if (v >= 5) io(m.log_start_offset);
            if (v >= 8) io(m.record_errors, m.error_message);
        }
        void describe_tags(this auto& m, auto& io, api_version v) {
            if (v >= 10) io.tag(0, m.current_leader);
        }
    };
    struct topic {
        std::string_view name;
        short_list<partition> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };
    struct node_endpoint {
        broker_id id;
        std::string host;
        std::int32_t port = 0;
        std::optional<std::string> rack;

        bool operator==(const node_endpoint&) const = default;
        void describe(this auto& m, auto& io, api_version) { io(m.id, m.host, m.port, m.rack); }
    };

    short_list<topic> topics;
    std::int32_t throttle_time_ms = 0;
    /// Where the brokers named in current_leader listen.
    std::vector<node_endpoint> node_endpoints;

    void describe(this auto& m, auto& io, api_version v) {
        io(m.topics);
        if (v >= 1) io(m.throttle_time_ms);
    }
    void describe_tags(this auto& m, auto& io, api_version v) {
        if (v >= 10) io.tag(0, m.node_endpoints);
    }
};

}  // namespace logstore::kafka
