// DeleteTopics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"
#include "model/topic_id.h"

namespace logstore::kafka {

struct delete_topics_request {
    static constexpr api_key api = api_key::delete_topics;

    /// By name or by id.
    struct topic {
        std::optional<std::string_view> name;
        topic_id id;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.id); }
    };

    std::vector<topic> topics;                  ///< from version 6 on
    std::vector<std::string_view> topic_names;  ///< before version 6
    std::int32_t timeout_ms = 0;

    void describe(this auto& m, auto& io, api_version v) {
        if (v >= 6) io(m.topics);
        if (v <= 5) io(m.topic_names);
        io(m.timeout_ms);
    }
};

struct delete_topics_response {
    static constexpr api_key api = api_key::delete_topics;

    struct topic {
        /// Null from version 6 on for an id that nobody knows.
        std::optional<std::string> name = "";
        topic_id id;
        error_code error = error_code::none;
        std::optional<std::string> error_message;

        void describe(this auto& m, auto& io, api_version v) {
            io.nullable(m.name, v >= 6);
            if (v >= 6) io(m.id);
            io(m.error);
            if (v >= 5) io(m.error_message);
        }
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<topic> topics;

    void describe(this auto& m, auto& io, api_version) { io(m.throttle_time_ms, m.topics); }
};

}  // namespace logstore::kafka
