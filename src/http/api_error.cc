#include "http/api_error.h"

#include <fmt/format.h>

#include "base/check.h"
#include "cluster/errc.h"

namespace logstore::http {
namespace {

constexpr int soon_s = 1;
constexpr int when_there_is_room_s = 5;

api_error stopping() {
    return {503, "stopping", "the server is stopping; try again in a moment", soon_s};
}
api_error no_space(const char* what) {
    return {507, "no_space",
            fmt::format("there is no room on disk for {}; free some, or try again later", what),
            when_there_is_room_s};
}

}  // namespace

api_error unknown_topic(std::string_view topic) {
    return {
        404, "unknown_topic",
        fmt::format("there is no topic '{}'; GET /topics lists them, PUT /topics/{} makes it", topic, topic)};
}

api_error unknown_partition(std::string_view topic, std::int64_t partition, std::int32_t partition_count) {
    return {404, "unknown_partition",
            fmt::format("topic '{}' has no partition {}; it has partitions 0 to {}", topic, partition,
                        partition_count - 1)};
}

api_error overloaded() {
    return {503, "overloaded", "the server has no memory for this request at the moment; try again", soon_s};
}

api_error append_error(tablet_errc code, const char* sentence) {
    switch (code) {
        case tablet_errc::unknown_tablet:
            return {404, "unknown_topic", "the topic was deleted; nothing was written"};
        case tablet_errc::batch_too_large:
            return {413, "record_too_large",
                    "the records of one partition are larger than the topic's max.message.bytes; send fewer "
                    "at a time"};
        case tablet_errc::corrupt_batch:
        case tablet_errc::invalid_batch:
            return {400, "invalid_record",
                    sentence != nullptr ? sentence : "the records break a rule of the topic"};
        case tablet_errc::storage_unavailable: return no_space("records");
        case tablet_errc::stopping:
        case tablet_errc::fenced_leader_epoch:
        case tablet_errc::unknown_leader_epoch: return stopping();
        case tablet_errc::storage_error:
        case tablet_errc::offset_out_of_range:
            return {500, "storage_error", "the stored data cannot be read; the server's log says more"};
        case tablet_errc::no_view:
        case tablet_errc::view_building:
        case tablet_errc::too_large:
        case tablet_errc::ok:
        case tablet_errc::outcome_unknown: break;
    }
    CHECK(false, "tablet error {} is none of an append", static_cast<int>(code));
}

api_error read_error(tablet_errc code) {
    switch (code) {
        case tablet_errc::unknown_tablet: return {404, "unknown_topic", "the topic was deleted"};
        case tablet_errc::offset_out_of_range:
            return {
                416, "offset_out_of_range",
                "there is no such offset; ask for one between log_start_offset and high_watermark, which GET "
                "/topics/{topic} tells, or for 'beginning' or 'end'"};
        case tablet_errc::storage_unavailable:
            return {503, "unavailable", "the partition's storage is being moved; try again in a moment",
                    soon_s};
        case tablet_errc::stopping:
        case tablet_errc::fenced_leader_epoch:
        case tablet_errc::unknown_leader_epoch: return stopping();
        default: return {500, "storage_error", "the stored data cannot be read; the server's log says more"};
    }
}

std::expected<api_error, error> topic_error(const error& why) {
    // The broker stops: how far the change got, nobody says.
    if (why.code.category() != cluster::error_category()) return std::unexpected(why);
    const std::string sentence = why.message();
    switch (static_cast<cluster::errc>(why.code.value())) {
        case cluster::errc::unknown_outcome: return std::unexpected(why);
        case cluster::errc::topic_exists: return api_error(409, "topic_exists", sentence);
        case cluster::errc::topic_name_collides: return api_error(409, "topic_name_collides", sentence);
        case cluster::errc::limit_reached: return api_error(409, "limit_reached", sentence);
        case cluster::errc::invalid_topic_name:
            return api_error(
                400, "invalid_topic_name",
                "a topic's name has 1 to 249 letters, digits, '.', '_' and '-', and is not '.' or '..'");
        case cluster::errc::invalid_partition_count:
            return api_error(400, "invalid_partition_count", sentence);
        case cluster::errc::invalid_config:
        case cluster::errc::unsupported_config: return api_error(400, "invalid_config", sentence);
        case cluster::errc::too_large: return api_error(413, "too_large", sentence);
        case cluster::errc::unknown_topic:
            return api_error(404, "unknown_topic", "there is no such topic (any more)");
        case cluster::errc::overloaded: return api_error(503, "overloaded", sentence, soon_s);
        case cluster::errc::conflict:
        case cluster::errc::closed:
        case cluster::errc::in_use: return api_error(503, "unavailable", sentence, soon_s);
        case cluster::errc::no_space: return no_space("topics");
        default: return api_error(500, "metadata_error", sentence + "; the server's log says more");
    }
}

}  // namespace logstore::http
