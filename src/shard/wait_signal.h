// Ending a wait early.
#pragma once

#include <functional>
#include <utility>

namespace logstore {

/// One thread; outlives the wait it is given to.
class wait_signal {
  public:
    wait_signal() = default;
    wait_signal(const wait_signal&) = delete;
    wait_signal& operator=(const wait_signal&) = delete;

    bool is_set() const { return is_set_; }
    void set() {
        is_set_ = true;
        if (on_set_) std::exchange(on_set_, nullptr)();
    }
    /// As if it had never been set. REQUIRES: no wait is under way.
    void reset() { is_set_ = false; }
    /// What set() does, once, while a wait is under way.
    void when_set(std::move_only_function<void()> action) { on_set_ = std::move(action); }

  private:
    bool is_set_ = false;
    std::move_only_function<void()> on_set_;
};

/// Told once that the appends which complete together have all been told.
class burst_listener {
  public:
    virtual ~burst_listener() = default;
    virtual void on_burst_end() = 0;
};

}  // namespace logstore
