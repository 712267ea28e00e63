// ListOffsets: first, last, and by-time offsets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/messages/fetch.h"
#include "kafka/protocol/short_list.h"
#include "model/numbers.h"

namespace logstore::kafka {

/// Timestamps that mean a place.
inline constexpr timestamp_ms latest_timestamp{-1};    ///< high watermark, or last stable offset
inline constexpr timestamp_ms earliest_timestamp{-2};  ///< log start offset
inline constexpr timestamp_ms max_timestamp{-3};       ///< record of the greatest timestamp (version 7)
inline constexpr timestamp_ms earliest_local_timestamp{
    -4};  ///< log start offset of this broker's disk (version 8)

struct list_offsets_request {
    static constexpr api_key api = api_key::list_offsets;

    struct partition {
        partition_id index;
        leader_epoch current_epoch = no_leader_epoch;
        timestamp_ms timestamp;

        void describe(this auto& m, auto& io, api_version v) {
            io(m.index);
            if (v >= 4) io(m.current_epoch);
            io(m.timestamp);
        }
    };
    struct topic {
        std::string_view name;
        short_list<partition> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };

    /// -1 = a consumer.
    broker_id replica{-1};
    isolation_level isolation = isolation_level::read_uncommitted;
    short_list<topic> topics;

    void describe(this auto& m, auto& io, api_version v) {
        io(m.replica);
        if (v >= 2) io(m.isolation);
        io(m.topics);
    }
};

struct list_offsets_response {
    static constexpr api_key api = api_key::list_offsets;

    struct partition {
        partition_id index;
        error_code error = error_code::none;
        timestamp_ms timestamp = no_timestamp;
        offset found_offset{-1};
        leader_epoch epoch = no_leader_epoch;

        void describe(this auto& m, auto& io, api_version v) {
            io(m.index, m.error, m.timestamp, m.found_offset);
            if (v >= 4) io(m.epoch);
        }
    };
    struct topic {
        std::string name;
        short_list<partition> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };

    std::int32_t throttle_time_ms = 0;
    short_list<topic> topics;

    void describe(this auto& m, auto& io, api_version v) {
        if (v >= 2) io(m.throttle_time_ms);
        io(m.topics);
    }
};

}  // namespace logstore::kafka
