// The clock of one simulated machine.
#pragma once

#include "env/clock.h"

namespace logstore::env {

/// Monotonic time is the world's and is moved by the scheduler alone; the date is this machine's own and may
/// jump.
class sim_clock final : public clock {
  public:
    /// `now` is the world's time; it outlives the clock.
    explicit sim_clock(const monotonic_time& now) : now_(now) {}

    monotonic_time now() const override { return now_; }
    timestamp_ms wall_now() const override {
        const auto passed = now_.time_since_epoch() + wall_offset_;
        return wall_start + std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
    }

    /// The date jumps by this much, forwards or backwards; monotonic time does not notice.
    void jump_wall(duration by) { wall_offset_ += by; }

    /// The date when monotonic time is 0: 2026-01-01.
    static constexpr timestamp_ms wall_start{1'767'225'600'000};

  private:
    const monotonic_time& now_;
    duration wall_offset_{0};
};

}  // namespace logstore::env
