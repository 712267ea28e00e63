// One stay inside an env::gate.
#pragma once

#include <utility>

#include "env/gate.h"

namespace logstore::cluster {

/// Enters a gate for as long as it lives; false when the gate was closed. Leaving may complete the owner's
/// close(), so nothing of the owner is touched after it: declare it before everything else in a coroutine.
class gate_pass {
  public:
    explicit gate_pass(env::gate& through) : gate_(through.enter() ? &through : nullptr) {}
    gate_pass(gate_pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    gate_pass& operator=(gate_pass&&) = delete;
    ~gate_pass() {
        if (gate_ != nullptr) gate_->leave();
    }

    explicit operator bool() const { return gate_ != nullptr; }

  private:
    env::gate* gate_;
};

}  // namespace logstore::cluster
