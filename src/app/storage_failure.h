// The end of a process whose disk failed it.
#pragma once

#include <string>

#include "base/result.h"

namespace logstore::app {

/// Logs one line and exits without any cleaning up: what was in flight may be on disk or not, connections close unanswered,
/// and the next start finds out what the disk holds. Any thread; of several that come at once the first one speaks.
[[noreturn]] void end_process(const error& why);

/// The sentence for a start or a stop that failed: `why`, and when a disk is the reason, what to do about it.
std::string with_advice(const error& why);

}  // namespace logstore::app
