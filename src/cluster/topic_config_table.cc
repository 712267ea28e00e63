// The table of topic configs: the single source of names, types, bounds and meanings.
#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include "cluster/topic_config.h"

namespace logstore::cluster {
namespace {

constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

// In the order of the enumerations they stand for.
constexpr std::array<std::string_view, 2> timestamp_words{"CreateTime", "LogAppendTime"};
constexpr std::array<std::string_view, 1> cleanup_words{"delete"};
constexpr std::array<std::string_view, 4> cleanup_unsupported{"compact", "compact,delete", "delete,compact",
                                                              ""};
constexpr std::array<std::string_view, 1> compression_words{"producer"};
constexpr std::array<std::string_view, 5> compression_unsupported{"uncompressed", "gzip", "snappy", "lz4",
                                                                  "zstd"};
constexpr std::array<std::string_view, 2> switch_words{"false", "true"};
constexpr std::array<std::string_view, 3> partitioner_words{"auto", "murmur2", "crc32"};
constexpr std::array<std::string_view, 1> unclean_words{"false"};
constexpr std::array<std::string_view, 1> unclean_unsupported{"true"};

template <auto Member>
std::int64_t read_member(const topic_settings& from) {
    return static_cast<std::int64_t>(from.*Member);
}

template <auto Member>
void assign_member(topic_settings& to, std::int64_t number) {
    to.*Member = static_cast<std::remove_cvref_t<decltype(to.*Member)>>(number);
}

/// Joins a description and its setting; a bound that the setting's type cannot hold does not compile.
template <auto Member>
consteval topic_config bound(topic_config about) {
    using type = std::remove_cvref_t<decltype(std::declval<topic_settings>().*Member)>;
    if constexpr (std::is_integral_v<type> && !std::is_same_v<type, bool>) {
        if (!std::in_range<type>(about.min) || !std::in_range<type>(about.max))
            throw "bounds exceed the setting's type";
        if (!about.words.empty()) throw "a number has no words";
        if ((about.type == config_type::int32) != (sizeof(type) == 4)) throw "the types differ";
    } else if (about.words.empty()) {
        throw "what is not a number needs words";
    }
    about.read = &read_member<Member>;
    about.assign = &assign_member<Member>;
    return about;
}

// Sorted by name, as it is shown.
constexpr std::array table{
    bound<&topic_settings::cleanup>({
        .name = "cleanup.policy",
        .broker_name = "log.cleanup.policy",
        .meaning = "What happens to old segments: delete removes them by age and size.",
        .type = config_type::list,
        .words = cleanup_words,
        .unsupported_words = cleanup_unsupported,
    }),
    bound<&topic_settings::compression>({
        .name = "compression.type",
        .broker_name = "compression.type",
        .meaning = "How batches are compressed: producer keeps them as they were sent.",
        .type = config_type::text,
        .words = compression_words,
        .unsupported_words = compression_unsupported,
    }),
    bound<&topic_settings::flush_messages>({
        .name = "flush.messages",
        .broker_name = "log.flush.interval.messages",
        .meaning = "Accepted and without effect: every acknowledged record is on stable storage.",
        .type = config_type::int64,
        .min = 1,
        .max = int64_max,
    }),
    bound<&topic_settings::flush_ms>({
        .name = "flush.ms",
        .broker_name = "log.flush.interval.ms",
        .meaning = "Accepted and without effect: every acknowledged record is on stable storage.",
        .type = config_type::int64,
        .unit = "ms",
        .min = 0,
        .max = int64_max,
    }),
    bound<&topic_settings::keeps_key_view>({
        .name = "kv.enabled",
        .meaning = "Whether each partition keeps a view of the latest record of every key, for reads by key.",
        .type = config_type::boolean,
        .words = switch_words,
    }),
    bound<&topic_settings::key_rule>({
        .name = "kv.partitioner",
        .meaning = "Where a read by key looks for a key: where the Java clients (murmur2) or librdkafka (crc32) put it, or "
                   "where the keys so far say (auto).",
        .type = config_type::text,
        .words = partitioner_words,
    }),
    bound<&topic_settings::message_bytes_max>({
        .name = "max.message.bytes",
        .broker_name = "message.max.bytes",
        .meaning =
            "The largest record batch, as it was compressed. At most the largest request of the broker.",
        .type = config_type::int32,
        .unit = "bytes",
        .min = 0,
        .max = int32_max,
    }),
    bound<&topic_settings::timestamps>({
        .name = "message.timestamp.type",
        .broker_name = "log.message.timestamp.type",
        .meaning =
            "Whose time a record carries: its producer's (CreateTime) or the broker's (LogAppendTime).",
        .type = config_type::text,
        .words = timestamp_words,
    }),
    bound<&topic_settings::min_insync_replicas>({
        .name = "min.insync.replicas",
        .broker_name = "min.insync.replicas",
        .meaning = "In-sync replicas that must exist for a write with acks=all to be accepted.",
        .type = config_type::int32,
        .min = 1,
        .max = int32_max,
    }),
    bound<&topic_settings::retention_bytes>({
        .name = "retention.bytes",
        .broker_name = "log.retention.bytes",
        .meaning = "How many bytes of each partition are kept. -1 means without limit.",
        .type = config_type::int64,
        .unit = "bytes",
        .min = -1,
        .max = int64_max,
    }),
    bound<&topic_settings::retention_ms>({
        .name = "retention.ms",
        .broker_name = "log.retention.ms",
        .meaning = "How long records are kept. -1 means without limit.",
        .type = config_type::int64,
        .unit = "ms",
        .min = -1,
        .max = int64_max,
    }),
    bound<&topic_settings::segment_bytes>({
        .name = "segment.bytes",
        .broker_name = "log.segment.bytes",
        .meaning = "Size at which a segment is closed and the next one begun.",
        .type = config_type::int32,
        .unit = "bytes",
        .min = 16'384,
        .max = int32_max,
    }),
    bound<&topic_settings::segment_ms>({
        .name = "segment.ms",
        .broker_name = "log.roll.ms",
        .meaning = "Age at which a segment is closed and the next one begun.",
        .type = config_type::int64,
        .unit = "ms",
        .min = 1,
        .max = int64_max,
    }),
    bound<&topic_settings::unclean_leader_election>({
        .name = "unclean.leader.election.enable",
        .broker_name = "unclean.leader.election.enable",
        .meaning = "Whether a replica that lacks acknowledged records may lead. Never, here.",
        .type = config_type::boolean,
        .words = unclean_words,
        .unsupported_words = unclean_unsupported,
    }),
};

}  // namespace

std::span<const topic_config> topic_config_table() {
    return table;
}

}  // namespace logstore::cluster
