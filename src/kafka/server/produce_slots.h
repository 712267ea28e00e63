// The Produce requests of a shard that wait for use.
#pragma once

#include <memory>
#include <vector>

#include "kafka/server/produce_slot.h"

namespace logstore::kafka {

/// Keeps slots for reuse, so that a warm connection allocates nothing for a request. One shard.
class produce_slots {
  public:
    /// More are freed: some hundred KiB.
    static constexpr std::size_t kept_max = 512;

    produce_slot* take() {
        if (free_.empty()) return new produce_slot;
        produce_slot* slot = free_.back().release();
        free_.pop_back();
        return slot;
    }
    /// REQUIRES: `slot` came from take() and is done.
    void give_back(produce_slot* slot) {
        std::unique_ptr<produce_slot> owned(slot);
        if (free_.size() >= kept_max) return;
        owned->reset();
        free_.push_back(std::move(owned));
    }

  private:
    std::vector<std::unique_ptr<produce_slot>> free_;
};

}  // namespace logstore::kafka
