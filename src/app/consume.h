// `logstore consume`.
#pragma once

#include "app/command_line.h"
#include "app/console.h"
#include "app/interruption.h"
#include "env/environment.h"

namespace logstore::app {

/// Prints records until the end that the partitions had at the start, the asked number of them, `stop`, or
/// the reader goes away. All pointers outlive the call.
env::task<exit_code> run_consume(env::environment world, console* out, interruption* stop,
                                 consume_command asked);

}  // namespace logstore::app
