// Randomness, behind an interface so that a simulator can replay it.
#pragma once

#include <cstdint>

namespace logstore::env {

/// One thread. Not for secrets.
class random_source {
  public:
    virtual ~random_source() = default;
    virtual std::uint64_t next() = 0;
};

}  // namespace logstore::env
