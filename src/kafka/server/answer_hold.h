// Memory of answers that a handler holds while it waits for what goes into its own.
#pragma once

#include "kafka/server/request_context.h"

namespace logstore::kafka {

/// Gives back what it holds when it goes: the answer is in the output by then, and counted there. Lives in
/// the handler's frame.
class answer_hold {
  public:
    /// Up to here nobody waits.
    static constexpr std::size_t small_bytes_max = std::size_t(16) << 10;

    explicit answer_hold(request_context& context) : context_(context) {}
    ~answer_hold() { context_.answer_memory.give_back(bytes_); }
    answer_hold(const answer_hold&) = delete;
    answer_hold& operator=(const answer_hold&) = delete;

    /// Completes when there is room for so many bytes, or somebody hurries. Once.
    env::task<void> take(std::size_t bytes) {
        bool granted = false;
        if (bytes > small_bytes_max)
            granted = co_await budget_take(context_.answer_memory, bytes, context_.hurry);
        if (!granted) context_.answer_memory.take_anyway(bytes);
        bytes_ = bytes;
    }

  private:
    request_context& context_;
    std::size_t bytes_ = 0;
};

}  // namespace logstore::kafka
