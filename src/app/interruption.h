// "Stop, please": from the signal to the command that is under way.
#pragma once

#include <functional>
#include <utility>

namespace logstore::app {

/// Requested at most once, listened to by one at a time. One thread.
class interruption {
  public:
    bool is_requested() const { return requested_; }
    void request() {
        if (std::exchange(requested_, true)) return;
        if (listener_) listener_();
    }
    /// `listener` runs inside request(); empty = nobody listens any more.
    void listen(std::function<void()> listener) { listener_ = std::move(listener); }

  private:
    bool requested_ = false;
    std::function<void()> listener_;
};

}  // namespace logstore::app
