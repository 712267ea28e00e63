// Which partition a record goes to that names none.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "kafka/protocol/key_placement.h"
#include "model/numbers.h"
#include "model/topic_id.h"

namespace logstore::http {

/// Records with the same key go where Java clients send them; those without go to one partition after
/// another. One shard.
class partition_chooser {
  public:
    partition_id of_key(bytes_view key, std::int32_t partition_count) const {
        return kafka::murmur2_partition(key, partition_count);
    }
    /// Another one at each call.
    partition_id next(const topic_id& topic, std::int32_t partition_count) {
        std::uint32_t& turn = turns_[std::hash<topic_id>()(topic) % turns_.size()];
        return partition_id(static_cast<std::int32_t>(turn++ % static_cast<std::uint32_t>(partition_count)));
    }

  private:
    static constexpr std::size_t turns_kept = 256;
    std::array<std::uint32_t, turns_kept> turns_{};
};

}  // namespace logstore::http
