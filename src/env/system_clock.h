// The clocks of the machine.
#pragma once

#include "env/clock.h"

namespace logstore::env {

/// CLOCK_MONOTONIC and CLOCK_REALTIME. Any thread.
class system_clock final : public clock {
  public:
    monotonic_time now() const override;
    timestamp_ms wall_now() const override;
};

}  // namespace logstore::env
