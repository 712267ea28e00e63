#include "kafka/server/topic_errors.h"

#include "cluster/errc.h"
#include "tablet/tablet_errc.h"

namespace logstore::kafka {
namespace {

/// What creation and deletion have in common: the metadata store could not do it.
error_code store_error(cluster::errc code) {
    switch (code) {
        // Nothing was written, and another try, perhaps at another broker, may succeed.
        case cluster::errc::conflict:
        case cluster::errc::closed:
        case cluster::errc::in_use: return error_code::not_controller;
        case cluster::errc::overloaded: return error_code::throttling_quota_exceeded;
        case cluster::errc::no_space: return error_code::kafka_storage_error;
        // Says that it may have happened.
        case cluster::errc::unknown_outcome: return error_code::request_timed_out;
        case cluster::errc::too_large: return error_code::policy_violation;
        default: return error_code::unknown_server_error;
    }
}

/// What is not the directory's own word. The broker stops: how far the change got, nobody says.
error_code other_error(const error& why) {
    return why.code == tablet_errc::stopping ? error_code::request_timed_out
                                             : error_code::unknown_server_error;
}

}  // namespace

error_code create_topic_error(const error& why) {
    if (why.code.category() != cluster::error_category()) return other_error(why);
    switch (const auto code = static_cast<cluster::errc>(why.code.value())) {
        case cluster::errc::topic_exists: return error_code::topic_already_exists;
        case cluster::errc::topic_name_collides:
        case cluster::errc::invalid_topic_name: return error_code::invalid_topic_exception;
        case cluster::errc::invalid_partition_count: return error_code::invalid_partitions;
        case cluster::errc::limit_reached: return error_code::policy_violation;
        case cluster::errc::invalid_config:
        case cluster::errc::unsupported_config: return error_code::invalid_config;
        default: return store_error(code);
    }
}

error_code create_partitions_error(const error& why) {
    if (why.code == cluster::errc::unknown_topic) return error_code::unknown_topic_or_partition;
    return create_topic_error(why);
}

error_code delete_topic_error(const error& why) {
    if (why.code.category() != cluster::error_category()) return other_error(why);
    switch (const auto code = static_cast<cluster::errc>(why.code.value())) {
        case cluster::errc::unknown_topic: return error_code::unknown_topic_or_partition;
        default: return store_error(code);
    }
}

}  // namespace logstore::kafka
