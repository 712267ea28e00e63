// Fetch: read record batches, by consumers and by followers.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/messages/produce.h"
#include "kafka/protocol/record_bytes.h"
#include "kafka/protocol/short_list.h"
#include "model/numbers.h"

namespace logstore::kafka {

enum class isolation_level : std::int8_t { read_uncommitted = 0, read_committed = 1 };

struct fetch_request {
    static constexpr api_key api = api_key::fetch;

    struct partition {
        partition_id index;
        leader_epoch current_epoch = no_leader_epoch;
        offset fetch_offset;
        leader_epoch last_fetched_epoch = no_leader_epoch;
        /// The follower's; -1 from consumers.
        offset log_start_offset{-1};
        std::int32_t max_bytes = 0;

        void describe(this auto& m, auto& io, api_version v) {
            io(m.index);
            if (v >= 9) io(m.current_epoch);
            io(m.fetch_offset);
            if (v >= 12) io(m.last_fetched_epoch);
            if (v >= 5) io(m.log_start_offset);
            io(m.max_bytes);
        }
    };
    struct topic {
        std::string_view name;
        short_list<partition> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };
    struct forgotten_topic {
        std::string_view name;
        std::vector<partition_id> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };

    std::optional<std::string_view> cluster_id;
    /// -1 = a consumer.
    broker_id replica{-1};
    std::int32_t max_wait_ms = 0;
    std::int32_t min_bytes = 0;
    std::int32_t max_bytes = std::numeric_limits<std::int32_t>::max();
    isolation_level isolation = isolation_level::read_uncommitted;
    std::int32_t session_id = 0;
    std::int32_t session_epoch = -1;
    short_list<topic> topics;
    std::vector<forgotten_topic> forgotten_topics;
    std::string_view rack;

    void describe(this auto& m, auto& io, api_version v) {
        io(m.replica, m.max_wait_ms, m.min_bytes, m.max_bytes, m.isolation);
        if (v >= 7) io(m.session_id, m.session_epoch);
        io(m.topics);
        if (v >= 7) io(m.forgotten_topics);
        if (v >= 11) io(m.rack);
    }
    void describe_tags(this auto& m, auto& io, api_version v) {
        if (v >= 12) io.tag(0, m.cluster_id);
    }
};

/// The broker sends it with append_scattered_response(): `records` are placeholders, and the stored batches
/// follow by reference. Topic names are views: of the request's frame on the broker, of the response's in a
/// client.
struct fetch_response {
    static constexpr api_key api = api_key::fetch;

    /// Where the logs of leader and follower part: the last epoch that they may share, and where it ended at
    /// the leader.
    struct epoch_end {
        leader_epoch epoch = no_leader_epoch;
        next_offset end{-1};

        bool operator==(const epoch_end&) const = default;
        void describe(this auto& m, auto& io, api_version) { io(m.epoch, m.end); }
    };
    struct snapshot {
        next_offset end{-1};
        leader_epoch epoch = no_leader_epoch;

        bool operator==(const snapshot&) const = default;
        void describe(this auto& m, auto& io, api_version) { io(m.end, m.epoch); }
    };
    struct aborted_transaction {
        producer_id producer;
        offset first_offset;

        void describe(this auto& m, auto& io, api_version) { io(m.producer, m.first_offset); }
    };
    struct partition {
        partition_id index;
        error_code error = error_code::none;
        next_offset high_watermark{-1};
        next_offset last_stable_offset{-1};
        offset log_start_offset{-1};
        epoch_end diverging_epoch;
        leader_and_epoch current_leader;
        snapshot snapshot_id;
        /// Null for read_uncommitted.
        std::optional<std::vector<aborted_transaction>> aborted_transactions;
        broker_id preferred_read_replica{-1};
        /// Never null on the wire from here: librdkafka takes null for a malformed answer.
        record_bytes records = record_bytes::empty();

        void describe(this auto& m, auto& io, api_version v) {
            io(m.index, m.error, m.high_watermark, m.last_stable_offset);
            if (v >= 5) io(m.log_start_offset);
            io(m.aborted_transactions);
            if (v >= 11) io(m.preferred_read_replica);
            io(m.records);
        }
        void describe_tags(this auto& m, auto& io, api_version v) {
            if (v < 12) return;
            io.tag(0, m.diverging_epoch);
            io.tag(1, m.current_leader);
            io.tag(2, m.snapshot_id);
        }
    };
    struct topic {
        std::string_view name;
        short_list<partition> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };

    std::int32_t throttle_time_ms = 0;
    error_code error = error_code::none;
    std::int32_t session_id = 0;
    short_list<topic> topics;

    void describe(this auto& m, auto& io, api_version v) {
        io(m.throttle_time_ms);
        if (v >= 7) io(m.error, m.session_id);
        io(m.topics);
    }
};

}  // namespace logstore::kafka
