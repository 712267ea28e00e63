// Why the metadata store or the topic directory did not do something. A code exists where some caller acts on
// it.
#pragma once

#include <system_error>

namespace logstore::cluster {

enum class errc {
    // The metadata store.
    conflict = 1,         ///< a compare of the transaction did not hold; nothing was written
    closed,               ///< the store is closing or closed; nothing was written
    no_space,             ///< too little room on disk; nothing was written, worth a retry when there is room
    too_large,            ///< beyond a limit of metadata_store.h; nothing was written
    overloaded,           ///< too many transactions wait; nothing was written, worth a retry
    unknown_outcome,      ///< the transaction may or may not be durable: a caller must not claim either
    failed,               ///< the store broke before (a durable write failed); only a restart helps
    io,                   ///< reading or opening failed
    corrupt,              ///< what is stored is damaged
    in_use,               ///< another process has the store open
    unsupported_version,  ///< written by a newer version of this program

    // Topics.
    topic_exists,             ///< the name is taken
    topic_name_collides,      ///< another topic's name differs only in '.' and '_'
    invalid_topic_name,       ///< not a legal name
    unknown_topic,            ///< no such topic
    invalid_partition_count,  ///< none, fewer than there are, or more than one topic may have
    limit_reached,            ///< the broker holds as many topics or partitions as it may
    invalid_config,           ///< no such config, or not a value it can have
    unsupported_config,       ///< a config or value that Kafka has and this version has not
};

const std::error_category& error_category();
inline std::error_code make_error_code(errc code) {
    return {static_cast<int>(code), error_category()};
}

}  // namespace logstore::cluster

template <>
struct std::is_error_code_enum<logstore::cluster::errc> : std::true_type {};
