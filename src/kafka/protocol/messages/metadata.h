// Metadata: brokers, topics, leaders.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"
#include "model/numbers.h"
#include "model/topic_id.h"

namespace logstore::kafka {

/// Bit set of operations; this value = not asked for.
inline constexpr std::int32_t authorized_operations_unknown = std::numeric_limits<std::int32_t>::min();

struct metadata_request {
    static constexpr api_key api = api_key::metadata;

    struct topic {
        topic_id id;
        std::optional<std::string_view> name = "";

        void describe(this auto& m, auto& io, api_version v) {
            if (v >= 10) io(m.id);
            io.nullable(m.name, v >= 10);
        }
    };

    /// Null = all topics. In version 0 an empty list means that too (asks_for_all_topics).
    std::optional<std::vector<topic>> topics;
    bool allow_auto_topic_creation = true;
    bool include_cluster_authorized_operations = false;
    bool include_topic_authorized_operations = false;

    bool asks_for_all_topics(api_version v) const { return !topics || (v == 0 && topics->empty()); }

    void describe(this auto& m, auto& io, api_version v) {
        io.nullable(m.topics, v >= 1);
        if (v >= 4) io(m.allow_auto_topic_creation);
        if (v >= 8 && v <= 10) io(m.include_cluster_authorized_operations);
        if (v >= 8) io(m.include_topic_authorized_operations);
    }
};

struct metadata_response {
    static constexpr api_key api = api_key::metadata;

    struct broker {
        broker_id id;
        std::string host;
        std::int32_t port = 0;
        std::optional<std::string> rack;

        void describe(this auto& m, auto& io, api_version v) {
            io(m.id, m.host, m.port);
            if (v >= 1) io(m.rack);
        }
    };
    struct partition {
        error_code error = error_code::none;
        partition_id index;
        broker_id leader{-1};
        leader_epoch epoch = no_leader_epoch;
        std::vector<broker_id> replicas;
        std::vector<broker_id> in_sync_replicas;
        std::vector<broker_id> offline_replicas;

        void describe(this auto& m, auto& io, api_version v) {
            io(m.error, m.index, m.leader);
            if (v >= 7) io(m.epoch);
            io(m.replicas, m.in_sync_replicas);
            if (v >= 5) io(m.offline_replicas);
        }
    };
    struct topic {
        error_code error = error_code::none;
        /// Null from version 12 on for an id that nobody knows; "" before.
        std::optional<std::string> name = "";
        topic_id id;
        bool is_internal = false;
        std::vector<partition> partitions;
        std::int32_t authorized_operations = authorized_operations_unknown;

        void describe(this auto& m, auto& io, api_version v) {
            io(m.error);
            io.nullable(m.name, v >= 12);
            if (v >= 10) io(m.id);
            if (v >= 1) io(m.is_internal);
            io(m.partitions);
            if (v >= 8) io(m.authorized_operations);
        }
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<broker> brokers;
    std::optional<std::string> cluster_id;
    broker_id controller{-1};
    std::vector<topic> topics;
    std::int32_t cluster_authorized_operations = authorized_operations_unknown;

    void describe(this auto& m, auto& io, api_version v) {
        if (v >= 3) io(m.throttle_time_ms);
        io(m.brokers);
        if (v >= 2) io(m.cluster_id);
        if (v >= 1) io(m.controller);
        io(m.topics);
        if (v >= 8 && v <= 10) io(m.cluster_authorized_operations);
    }
};

}  // namespace logstore::kafka
