// Memory of the process for an answer that is being made.
#pragma once

#include <cstddef>
#include <utility>

#include "shard/byte_budget.h"

namespace logstore::http {

/// Holds bytes of a budget for an answer, from before it is made until the connection that sends it holds them.
/// What is left of it is given back as this goes. One shard.
class answer_hold {
  public:
    explicit answer_hold(budget_share& memory) : memory_(memory) {}
    ~answer_hold() { let_go(); }
    answer_hold(const answer_hold&) = delete;
    answer_hold& operator=(const answer_hold&) = delete;

    /// False: there is no memory for an answer at the moment. REQUIRES: nothing is held.
    bool try_take(std::size_t bytes) {
        if (!memory_.try_take(bytes)) return false;
        held_bytes_ = bytes;
        return true;
    }
    void let_go() { memory_.give_back(std::exchange(held_bytes_, 0)); }
    /// The answer is made and has so many bytes, more than were thought or less: they are `holder`'s now.
    void hand_over(std::size_t bytes, std::size_t& holder) {
        if (bytes > held_bytes_) {
            memory_.take_anyway(bytes - held_bytes_);
        } else {
            memory_.give_back(held_bytes_ - bytes);
        }
        held_bytes_ = 0;
        holder += bytes;
    }

  private:
    budget_share& memory_;
    std::size_t held_bytes_ = 0;
};

}  // namespace logstore::http
