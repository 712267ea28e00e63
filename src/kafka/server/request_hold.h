// What one request holds of the process's memory while it is served.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "shard/byte_budget.h"

namespace logstore::kafka {

/// The bytes of a request other than Produce, and an estimate of what its handler makes of them; gives all back
/// when it goes. One shard.
class request_hold {
  public:
    /// `frame_bytes` are taken already; `frame` keeps the bytes alive.
    request_hold(budget_share& memory, std::size_t frame_bytes, std::shared_ptr<const void> frame)
        : memory_(memory), frame_bytes_(frame_bytes), frame_(std::move(frame)) {}
    ~request_hold() { end(); }
    request_hold(const request_hold&) = delete;
    request_hold& operator=(const request_hold&) = delete;

    /// Holds `bytes` besides the frame's, which are there already: what is decoded, and what grows out of it.
    /// Above the limit if it must be: at the limit no further request is let in, and this one was when there was
    /// room; so the limit and one request of each shard is the most.
    void add(std::size_t bytes) {
        if (bytes == 0) return;
        memory_.take_anyway(bytes);
        more_bytes_ += bytes;
    }
    /// The frame's bytes are needed no more: views of them end here.
    void release_frame() {
        frame_.reset();
        if (frame_bytes_ > 0) memory_.give_back(std::exchange(frame_bytes_, 0));
    }
    /// Nothing is held any more.
    void end() {
        release_frame();
        if (more_bytes_ > 0) memory_.give_back(std::exchange(more_bytes_, 0));
    }
    std::size_t bytes() const { return frame_bytes_ + more_bytes_; }

    /// A handler's word that `hurry` ends its wait with an answer.
    bool waits_for_records = false;

  private:
    budget_share& memory_;
    std::size_t frame_bytes_;
    std::size_t more_bytes_ = 0;
    std::shared_ptr<const void> frame_;
};

}  // namespace logstore::kafka
