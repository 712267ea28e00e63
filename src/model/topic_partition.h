// Which partition: by id inside the broker, by name at its edges.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "model/numbers.h"
#include "model/topic_id.h"

namespace logstore {

/// One partition of one topic, by id: never confuses a recreated topic with its namesake.
struct tablet_id {
    topic_id topic;
    partition_id partition;
    constexpr auto operator<=>(const tablet_id&) const = default;
};

/// One partition by its topic's name, as users and directories name it.
struct topic_partition {
    std::string topic;
    partition_id partition;
    auto operator<=>(const topic_partition&) const = default;
};

/// Kafka's rule: 1 to 249 of [A-Za-z0-9._-], and neither "." nor "..". What passes is safe as a directory name.
bool is_legal_topic_name(std::string_view name);

}  // namespace logstore

template <>
struct std::hash<logstore::tablet_id> {
    std::size_t operator()(const logstore::tablet_id& id) const noexcept {
        return std::hash<logstore::topic_id>{}(id.topic) + static_cast<std::size_t>(id.partition.value()) * 0x9E3779B1u;
    }
};
