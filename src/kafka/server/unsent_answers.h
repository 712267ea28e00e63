// The memory of answers that a connection's stream has not sent yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "shard/byte_budget.h"

namespace logstore::kafka {

/// Counts in the process's budget what was handed to a stream, until the last byte of it has left: a piece that
/// has left but for its last byte is still in memory. One shard.
class unsent_answers {
  public:
    /// What a part of a stream's queue takes besides its bytes.
    static constexpr std::size_t part_bytes = 256;

    explicit unsent_answers(budget_share& memory) : memory_(memory) {}
    ~unsent_answers() { clear(); }
    unsent_answers(const unsent_answers&) = delete;
    unsent_answers& operator=(const unsent_answers&) = delete;

    /// `queued_bytes` go to the stream; `held_bytes` of memory go with them, which are taken already.
    void add(std::size_t queued_bytes, std::size_t held_bytes) {
        queued_position_ += queued_bytes;
        held_bytes_ += held_bytes;
        parts_.push_back({queued_position_, held_bytes});
    }
    /// Of all that was queued the stream still has so many bytes.
    void note_pending(std::size_t pending_bytes) {
        sent_position_ = queued_position_ - pending_bytes;
        std::size_t done = 0;
        std::size_t freed_bytes = 0;
        while (done < parts_.size() && parts_[done].end_position <= sent_position_)
            freed_bytes += parts_[done++].held_bytes;
        if (done == 0) return;
        parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(done));
        // Idle connections hold nothing.
        if (parts_.empty()) std::vector<part>().swap(parts_);
        held_bytes_ -= freed_bytes;
        memory_.give_back(freed_bytes);
    }
    /// The stream has gone.
    void clear() {
        sent_position_ = queued_position_;
        if (held_bytes_ == 0) return;
        std::vector<part>().swap(parts_);
        memory_.give_back(std::exchange(held_bytes_, 0));
    }

    std::size_t held_bytes() const { return held_bytes_; }
    /// Grows as bytes leave.
    std::uint64_t sent_position() const { return sent_position_; }

  private:
    struct part {
        std::uint64_t end_position = 0;
        std::size_t held_bytes = 0;
    };

    budget_share& memory_;
    std::vector<part> parts_;
    std::uint64_t queued_position_ = 0;
    std::uint64_t sent_position_ = 0;
    std::size_t held_bytes_ = 0;
};

}  // namespace logstore::kafka
