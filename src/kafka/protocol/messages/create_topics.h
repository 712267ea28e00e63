// CreateTopics.
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
#include "model/topic_id.h"

namespace logstore::kafka {

struct create_topics_request {
    static constexpr api_key api = api_key::create_topics;

    struct assignment {
        partition_id index;
        std::vector<broker_id> brokers;

        void describe(this auto& m, auto& io, api_version) { io(m.index, m.brokers); }
    };
    struct config {
        std::string_view name;
        std::optional<std::string_view> value;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.value); }
    };
    struct topic {
        std::string_view name;
        /// -1 with assignments, or (version 4) for the broker's default.
        std::int32_t partition_count = 0;
        std::int16_t replication_factor = 0;
        std::vector<assignment> assignments;
        std::vector<config> configs;

        void describe(this auto& m, auto& io, api_version) {
            io(m.name, m.partition_count, m.replication_factor, m.assignments, m.configs);
        }
    };

    std::vector<topic> topics;
    std::int32_t timeout_ms = 60000;
    bool validate_only = false;

    void describe(this auto& m, auto& io, api_version) { io(m.topics, m.timeout_ms, m.validate_only); }
};

struct create_topics_response {
    static constexpr api_key api = api_key::create_topics;

    struct config {
        std::string name;
        std::optional<std::string> value;
        bool is_read_only = false;
        std::int8_t source = -1;
        bool is_sensitive = false;

        void describe(this auto& m, auto& io, api_version) {
            io(m.name, m.value, m.is_read_only, m.source, m.is_sensitive);
        }
    };
    struct topic {
        std::string name;
        topic_id id;
        error_code error = error_code::none;
        std::optional<std::string> error_message;
        /// Why the configs are missing.
        error_code config_error = error_code::none;
        std::int32_t partition_count = -1;
        std::int16_t replication_factor = -1;
        std::optional<std::vector<config>> configs{std::in_place};

        void describe(this auto& m, auto& io, api_version v) {
            io(m.name);
            if (v >= 7) io(m.id);
            io(m.error, m.error_message);
            if (v >= 5) io(m.partition_count, m.replication_factor, m.configs);
        }
        void describe_tags(this auto& m, auto& io, api_version) { io.tag(0, m.config_error); }
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<topic> topics;

    void describe(this auto& m, auto& io, api_version) { io(m.throttle_time_ms, m.topics); }
};

}  // namespace logstore::kafka
