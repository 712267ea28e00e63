// A topic as the metadata store keeps it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/metadata_store.h"
#include "cluster/topic_config.h"
#include "cluster/topic_settings.h"
#include "model/topic_id.h"

namespace logstore::cluster {

struct topic {
    std::string name;
    topic_id id;
    std::int32_t partition_count = 0;
    topic_configs configs;  ///< what was set on this topic
    // Not stored with it.
    topic_settings settings;     ///< `configs` over the broker's defaults
    metadata_revision created;   ///< of the transaction that made it
    metadata_revision modified;  ///< of the one that changed it last
};
using topic_ptr = std::shared_ptr<const topic>;

/// A topic that was deleted and whose directories may not all be gone: they must not be taken for strangers.
struct deleted_topic {
    std::string name;
    topic_id id;
    std::int32_t partition_count = 0;
};

/// Keys of everything this file describes begin with this.
inline constexpr std::string_view topics_prefix = "topics/";

/// Where a topic of this name is kept. Names that differ only in '.' and '_' share one key, so that there is
/// never more than one of them (Kafka refuses such pairs because its metrics cannot tell them apart).
std::string topic_key(std::string_view name);
std::string deleted_topic_key(const topic_id& id);
bool is_deleted_topic_key(std::string_view key);
/// The id in a deleted topic's key; nothing when it is no such key.
std::optional<topic_id> id_in_deleted_topic_key(std::string_view key);

byte_vector encode_topic(const topic& from);
/// Total: corrupt for whatever encode_topic did not write under this key. `settings` stay the program's
/// defaults.
result<topic> decode_topic(const metadata_entry& entry);

byte_vector encode_deleted_topic(const deleted_topic& from);
result<deleted_topic> decode_deleted_topic(const metadata_entry& entry);

}  // namespace logstore::cluster
