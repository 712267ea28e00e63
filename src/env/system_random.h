// Randomness seeded by the kernel.
#pragma once

#include <random>

#include "env/random.h"

namespace logstore::env {

/// One thread. Not for secrets.
class system_random final : public random_source {
  public:
    system_random();
    std::uint64_t next() override { return engine_(); }

  private:
    std::mt19937_64 engine_;
};

}  // namespace logstore::env
