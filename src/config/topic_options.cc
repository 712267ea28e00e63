// The options of [topics]: their number, and what a topic gets when its own configuration does not say.
#include <array>

#include "config/option_sections.h"
#include "config/server_option_binding.h"

namespace logstore::config {
namespace {

/// In the order of the enumeration.
constexpr std::array<std::string_view, 2> timestamp_types{"CreateTime", "LogAppendTime"};

constexpr std::array table{
    bound<&server_options::auto_create_topics>({
        .name = "topics.auto_create",
        .kafka_name = "auto.create.topics.enable",
        .meaning = "Whether a client's first use of a topic makes it, when the client asks for that.",
        .default_value = true,
        .example = "false",
    }),
    bound<&server_options::partitions_default>({
        .name = "topics.partitions_default",
        .kafka_name = "num.partitions",
        .meaning = "Partitions of a topic whose creator does not say how many. At most "
                   "topics.partitions_per_topic_max.",
        .default_value = std::int64_t(1),
        .min = 1,
        .max = 100'000,
    }),
    bound<&server_options::topics_max>({
        .name = "topics.topics_max",
        .meaning = "Topics this server holds; creating more is refused.",
        .default_value = std::int64_t(20'000),
        .min = 1,
        .max = 1'000'000,
    }),
    bound<&server_options::partitions_max>({
        .name = "topics.partitions_max",
        .meaning = "Partitions of all topics together; creating more is refused.",
        .default_value = std::int64_t(20'000),
        .min = 1,
        .max = 1'000'000,
    }),
    bound<&server_options::partitions_per_topic_max>({
        .name = "topics.partitions_per_topic_max",
        .meaning = "Partitions of one topic; creating more is refused.",
        .default_value = std::int64_t(10'000),
        .min = 1,
        .max = 100'000,
    }),
    bound<&server_options::retention_ms>({
        .name = "topics.retention_ms",
        .kafka_name = "log.retention.ms",
        .meaning =
            "How long records are kept where a topic's retention.ms does not say. -1 means without limit.",
        .default_value = 7 * day_ms,
        .counts = unit::milliseconds,
        .min = -1,
        .max = duration_max_ms,
    }),
    bound<&server_options::retention_bytes>({
        .name = "topics.retention_bytes",
        .kafka_name = "log.retention.bytes",
        .meaning = "How many bytes of each partition are kept where a topic's retention.bytes does not say. "
                   "-1 means without limit.",
        .default_value = std::int64_t(-1),
        .counts = unit::bytes,
        .min = -1,
        .example = "\"10GiB\"",
    }),
    bound<&server_options::retention_check_interval_ms>({
        .name = "topics.retention_check_interval_ms",
        .kafka_name = "log.retention.check.interval.ms",
        .meaning = "How often is looked for segments whose time is over.",
        .default_value = 300 * second_ms,
        .counts = unit::milliseconds,
        .min = 10,
        .max = duration_max_ms,
    }),
    bound<&server_options::segment_bytes>({
        .name = "topics.segment_bytes",
        .kafka_name = "log.segment.bytes",
        .meaning = "Size at which a segment is closed and the next one begun, where a topic's segment.bytes "
                   "does not say.",
        .default_value = 1_GiB,
        .counts = unit::bytes,
        .min = 16_KiB,
        .max = int32_max,
    }),
    bound<&server_options::segment_ms>({
        .name = "topics.segment_ms",
        .kafka_name = "log.roll.ms",
        .meaning = "Age at which a segment is closed and the next one begun, where a topic's segment.ms does "
                   "not say.",
        .default_value = 7 * day_ms,
        .counts = unit::milliseconds,
        .min = 1,
        .max = duration_max_ms,
    }),
    bound<&server_options::message_bytes_max>({
        .name = "topics.message_bytes_max",
        .kafka_name = "message.max.bytes",
        .meaning = "The largest record batch where a topic's max.message.bytes does not say. At most "
                   "kafka.frame_bytes_max.",
        .default_value = 1_MiB + 12,
        .counts = unit::bytes,
        .min = 1024,
        .max = 1_GiB,
    }),
    bound<&server_options::message_timestamps>({
        .name = "topics.message_timestamp_type",
        .kafka_name = "log.message.timestamp.type",
        .meaning = "Whose time a record carries where a topic's message.timestamp.type does not say: its "
                   "producer's or the server's.",
        .default_value = std::string_view("CreateTime"),
        .choices = timestamp_types,
    }),
    bound<&server_options::min_insync_replicas>({
        .name = "topics.min_insync_replicas",
        .kafka_name = "min.insync.replicas",
        .meaning =
            "In-sync replicas that must exist for acks=all where a topic's min.insync.replicas does not say.",
        .default_value = std::int64_t(1),
        .min = 1,
        .max = 32,
    }),
};

}  // namespace

std::span<const server_option> topic_options() {
    return table;
}

}  // namespace logstore::config
