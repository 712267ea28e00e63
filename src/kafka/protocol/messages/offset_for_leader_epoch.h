// OffsetForLeaderEpoch: where a leader epoch ends in a log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/short_list.h"
#include "model/numbers.h"

namespace logstore::kafka {

struct offset_for_leader_epoch_request {
    static constexpr api_key api = api_key::offset_for_leader_epoch;

    struct partition {
        partition_id index;
        /// Of the leader, as the asker knows it; no_leader_epoch = not checked.
        leader_epoch current_epoch = no_leader_epoch;
        /// The one whose end is wanted.
        leader_epoch epoch;

        void describe(this auto& m, auto& io, api_version) { io(m.index, m.current_epoch, m.epoch); }
    };
    struct topic {
        std::string_view name;
        short_list<partition> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };

    /// -1 = a consumer, -2 = a debugging one.
    broker_id replica{-2};
    short_list<topic> topics;

    void describe(this auto& m, auto& io, api_version v) {
        if (v >= 3) io(m.replica);
        io(m.topics);
    }
};

struct offset_for_leader_epoch_response {
    static constexpr api_key api = api_key::offset_for_leader_epoch;

    struct partition {
        error_code error = error_code::none;
        partition_id index;
        /// The largest epoch of the log that is not above the wanted one; none when the log has none.
        leader_epoch epoch = no_leader_epoch;
        /// The offset behind its last record; -1 when not known.
        next_offset end{-1};

        void describe(this auto& m, auto& io, api_version) { io(m.error, m.index, m.epoch, m.end); }
    };
    struct topic {
        std::string name;
        short_list<partition> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };

    std::int32_t throttle_time_ms = 0;
    short_list<topic> topics;

    void describe(this auto& m, auto& io, api_version) { io(m.throttle_time_ms, m.topics); }
};

}  // namespace logstore::kafka
