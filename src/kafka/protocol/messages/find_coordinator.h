// FindCoordinator: which broker keeps a group or a transaction.
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

enum class coordinator_type : std::int8_t { group = 0, transaction = 1, share = 2 };

struct find_coordinator_request {
    static constexpr api_key api = api_key::find_coordinator;

    std::string_view key;  ///< before version 4
    coordinator_type type = coordinator_type::group;
    std::vector<std::string_view> keys;  ///< from version 4 on

    void describe(this auto& m, auto& io, api_version v) {
        if (v <= 3) io(m.key);
        if (v >= 1) io(m.type);
        if (v >= 4) io(m.keys);
    }
};

struct find_coordinator_response {
    static constexpr api_key api = api_key::find_coordinator;

    struct coordinator {
        std::string key;
        broker_id broker{-1};
        std::string host;
        std::int32_t port = -1;
        error_code error = error_code::none;
        std::optional<std::string> error_message;

        void describe(this auto& m, auto& io, api_version) {
            io(m.key, m.broker, m.host, m.port, m.error, m.error_message);
        }
    };

    std::int32_t throttle_time_ms = 0;
    /// The next five are for versions before 4.
    error_code error = error_code::none;
    std::optional<std::string> error_message;
    broker_id broker{-1};
    std::string host;
    std::int32_t port = -1;
    std::vector<coordinator> coordinators;  ///< from version 4 on, one a key

    void describe(this auto& m, auto& io, api_version v) {
        if (v >= 1) io(m.throttle_time_ms);
        if (v <= 3) io(m.error);
        if (v >= 1 && v <= 3) io(m.error_message);
        if (v <= 3) io(m.broker, m.host, m.port);
        if (v >= 4) io(m.coordinators);
    }
};

}  // namespace logstore::kafka
