// CreatePartitions: more partitions for topics that exist.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"
#include "model/numbers.h"

namespace logstore::kafka {

struct create_partitions_request {
    static constexpr api_key api = api_key::create_partitions;

    /// Of one new partition.
    struct assignment {
        std::vector<broker_id> brokers;

        void describe(this auto& m, auto& io, api_version) { io(m.brokers); }
    };
    struct topic {
        std::string_view name;
        /// How many there shall be, those that exist included.
        std::int32_t count = 0;
        /// Of the new ones in order; null = the broker decides.
        std::optional<std::vector<assignment>> assignments;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.count, m.assignments); }
    };

    std::vector<topic> topics;
    std::int32_t timeout_ms = 0;
    bool validate_only = false;

    void describe(this auto& m, auto& io, api_version) { io(m.topics, m.timeout_ms, m.validate_only); }
};

struct create_partitions_response {
    static constexpr api_key api = api_key::create_partitions;

    struct topic {
        std::string name;
        error_code error = error_code::none;
        std::optional<std::string> error_message;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.error, m.error_message); }
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<topic> topics;

    void describe(this auto& m, auto& io, api_version) { io(m.throttle_time_ms, m.topics); }
};

}  // namespace logstore::kafka
