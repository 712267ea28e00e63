// Indexes of sealed segments, as many as fit.
#pragma once

#include <list>
#include <memory>
#include <optional>

#include "log/offset_index.h"
#include "model/topic_partition.h"

namespace logstore {

/// Least recently used out first, bounded in bytes. One shard.
class index_cache {
  public:
    explicit index_cache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    std::shared_ptr<const offset_index> find(tablet_id tablet, offset segment_base);
    void put(tablet_id tablet, offset segment_base, std::shared_ptr<const offset_index> index);
    std::size_t size_bytes() const { return bytes_; }
    std::size_t limit_bytes() const { return bytes_max_; }
    void forget(tablet_id tablet);
    void forget(tablet_id tablet, offset segment_base);

  private:
    struct entry {
        tablet_id tablet;
        offset segment_base;
        std::shared_ptr<const offset_index> index;
        std::size_t bytes;
    };
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::list<entry> entries_;  // most recently used first
};

}  // namespace logstore
