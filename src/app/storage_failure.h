// The end of a process whose disk failed it.
#pragma once

#include "base/result.h"

namespace logstore::app {

/// Logs one line and exits without any cleaning up: what was in flight may be on disk or not, connections close unanswered,
/// and the next start finds out what the disk holds. Any thread.
[[noreturn]] void end_process(const error& why);

}  // namespace logstore::app
