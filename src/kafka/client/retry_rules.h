// What Kafka's clients make of the failure of a produce request.
#pragma once

#include "base/result.h"

namespace logstore::kafka {

/// What is known of a batch after an attempt that failed. Plain value.
struct attempt_verdict {
    /// The batch may be in the log all the same: sending it again can double it, and not sending it again
    /// leaves the outcome unknown.
    bool may_be_stored = false;
    /// Sending it again may help.
    bool is_retriable = false;
    /// The leader is perhaps another one now.
    bool refreshes_metadata = false;
};

/// `why`: of the connection (errc.h), or the broker's answer (broker_error.h).
attempt_verdict judge_attempt(const error& why);

}  // namespace logstore::kafka
