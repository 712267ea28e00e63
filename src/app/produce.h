// `logstore produce`.
#pragma once

#include "app/byte_input.h"
#include "app/command_line.h"
#include "app/console.h"
#include "app/interruption.h"
#include "env/environment.h"

namespace logstore::app {

/// Sends the lines of `input` as records, waits for their outcomes and says what became of them. When `stop`
/// is requested nothing more is read; what was read is still sent, for some seconds. All pointers outlive the
/// call.
env::task<exit_code> run_produce(env::environment world, console* out, byte_input* input, interruption* stop,
                                 produce_command asked);

}  // namespace logstore::app
