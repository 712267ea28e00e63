// DescribeConfigs: the settings of topics and brokers, and where each comes from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"

namespace logstore::kafka {

/// What can have configs; a client may send any other number.
enum class config_resource_type : std::int8_t {
    unknown = 0,
    topic = 2,
    broker = 4,
    broker_logger = 8,
    client_metrics = 16,
    group = 32,
};

/// Where a value comes from.
enum class config_origin : std::int8_t {
    unknown = -1,
    topic = 1,           ///< set on the topic
    broker = 2,          ///< set on one broker while it ran
    all_brokers = 3,     ///< set on all brokers while they ran
    static_broker = 4,   ///< the broker's configuration file or command line
    program = 5,         ///< nobody set it
    broker_logger = 6,   ///< set on one broker's logger while it ran
    client_metrics = 7,  ///< set on a client metrics resource
    group = 8,           ///< set on a group
};

enum class config_value_type : std::int8_t {
    unknown = 0,
    boolean = 1,
    text = 2,
    int32 = 3,
    int16 = 4,
    int64 = 5,
    floating = 6,
    list = 7,
    class_name = 8,
    password = 9,
};

struct describe_configs_request {
    static constexpr api_key api = api_key::describe_configs;

    struct resource {
        config_resource_type type{};
        /// A topic's name or a broker's number.
        std::string_view name;
        /// Null or none = all.
        std::optional<std::vector<std::string_view>> keys;

        void describe(this auto& m, auto& io, api_version) { io(m.type, m.name, m.keys); }
    };

    std::vector<resource> resources;
    bool with_synonyms = false;
    bool with_documentation = false;

    void describe(this auto& m, auto& io, api_version v) {
        io(m.resources, m.with_synonyms);
        if (v >= 3) io(m.with_documentation);
    }
};

struct describe_configs_response {
    static constexpr api_key api = api_key::describe_configs;

    /// A value that stands, or would stand were there not one before it.
    struct synonym {
        std::string name;
        std::optional<std::string> value;
        config_origin origin = config_origin::unknown;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.value, m.origin); }
    };
    struct config {
        std::string name;
        /// Null for what is secret.
        std::optional<std::string> value;
        bool is_read_only = false;
        config_origin origin = config_origin::unknown;
        bool is_sensitive = false;
        /// In order of precedence; the first is in force. None unless asked for.
        std::vector<synonym> synonyms;
        config_value_type type = config_value_type::unknown;
        /// Null unless asked for.
        std::optional<std::string> documentation = "";

        void describe(this auto& m, auto& io, api_version v) {
            io(m.name, m.value, m.is_read_only, m.origin, m.is_sensitive, m.synonyms);
            if (v >= 3) io(m.type, m.documentation);
        }
    };
    struct resource {
        error_code error = error_code::none;
        std::optional<std::string> error_message;
        config_resource_type type{};
        std::string name;
        std::vector<config> configs;

        void describe(this auto& m, auto& io, api_version) {
            io(m.error, m.error_message, m.type, m.name, m.configs);
        }
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<resource> resources;

    void describe(this auto& m, auto& io, api_version) { io(m.throttle_time_ms, m.resources); }
};

}  // namespace logstore::kafka
