// In which partition of a topic a key lies.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "cluster/topic.h"
#include "env/clock.h"
#include "env/task.h"
#include "shard/broker.h"

namespace logstore::resp {

/// What the placement of keys depends on; a copy, so that nothing is held of an image.
struct key_topic {
    topic_id id;
    std::int32_t partition_count = 1;
    /// By the topic's kv.partitioner; unknown: by what its views say (auto).
    key_placement fixed = key_placement::unknown;

    static key_topic of(const cluster::topic& from);
    tablet_id at(std::int32_t partition) const { return {id, partition_id(partition)}; }
};

struct key_placing {
    /// Anything but ok: nothing can be said, and this is why.
    tablet_errc code = tablet_errc::ok;
    /// unknown: a key may be in any partition, and in several.
    key_placement rule = key_placement::murmur2;
    /// No other partition than the rule's can hold a key. Else a key that is not there may be elsewhere: written
    /// since the views were asked, by another rule.
    bool is_certain = true;

    /// Where a key belongs; murmur2 where there is no rule.
    std::int32_t partition_of(std::string_view key, std::int32_t partition_count) const;
};

/// Remembers by which rule the keys of topics lie. A rule can only stop to hold, and is asked for again when it is
/// older than fresh_for: so long, a key that was there before and is written in another partition, for the first time
/// in the life of the topic, may be answered as it was. One shard.
class key_places {
  public:
    static constexpr env::duration fresh_for = std::chrono::milliseconds(100);
    /// More for topics of many partitions, of each.
    static constexpr env::duration fresh_for_partition = std::chrono::microseconds(100);

    /// Asks the views where it must. `target` outlives the task.
    env::task<key_placing> find(broker* target, key_topic of);

  private:
    static constexpr std::size_t topics_remembered = 256;

    struct entry {
        topic_id id;
        std::int32_t partition_count = 0;
        key_placement rule = key_placement::unknown;
        bool is_known = false;
        bool is_being_asked = false;
        env::monotonic_time asked{};
    };
    entry& place_of(const key_topic& of) {
        return entries_[std::hash<topic_id>()(of.id) % topics_remembered];
    }

    std::array<entry, topics_remembered> entries_{};
};

}  // namespace logstore::resp
