// ApiVersions: which APIs a broker offers. The first request of most clients.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"

namespace logstore::kafka {

struct api_versions_request {
    static constexpr api_key api = api_key::api_versions;

    std::string_view client_software_name;
    std::string_view client_software_version;

    void describe(this auto& m, auto& io, api_version v) {
        if (v >= 3) io(m.client_software_name, m.client_software_version);
    }
};

struct api_versions_response {
    static constexpr api_key api = api_key::api_versions;

    struct range {
        api_key key{};
        api_version min;
        api_version max;

        bool operator==(const range&) const = default;
        void describe(this auto& m, auto& io, api_version) { io(m.key, m.min, m.max); }
    };
    struct supported_feature {
        std::string name;
        std::int16_t min = 0;
        std::int16_t max = 0;

        bool operator==(const supported_feature&) const = default;
        void describe(this auto& m, auto& io, api_version) { io(m.name, m.min, m.max); }
    };
    struct finalized_feature {
        std::string name;
        std::int16_t max_level = 0;
        std::int16_t min_level = 0;

        bool operator==(const finalized_feature&) const = default;
        void describe(this auto& m, auto& io, api_version) { io(m.name, m.max_level, m.min_level); }
    };

    error_code error = error_code::none;
    std::vector<range> apis;
    std::int32_t throttle_time_ms = 0;
    /// Before version 4 no feature may have min 0: Java clients reject it.
    std::vector<supported_feature> supported_features;
    std::int64_t finalized_features_epoch = -1;
    std::vector<finalized_feature> finalized_features;
    bool zk_migration_ready = false;

    void describe(this auto& m, auto& io, api_version v) {
        io(m.error, m.apis);
        if (v >= 1) io(m.throttle_time_ms);
    }
    void describe_tags(this auto& m, auto& io, api_version) {
        io.tag(0, m.supported_features);
        io.tag(1, m.finalized_features_epoch, std::int64_t(-1));
        io.tag(2, m.finalized_features);
        io.tag(3, m.zk_migration_ready);
    }
};

}  // namespace logstore::kafka
