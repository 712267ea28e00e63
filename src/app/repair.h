// `logstore repair`: a store whose journals or segments are damaged, with no server running.
#pragma once

#include "app/command_line.h"
#include "app/console.h"
#include "app/exit_code.h"
#include "env/environment.h"

namespace logstore::app {

/// Without --accept-loss: says what a start of the store would refuse and what readers would, and changes nothing; success when
/// nothing is damaged, failed when something is. Reads all segments, with words about how far it is. With it: recovers
/// everything that is not damaged, says what was given up, and leaves a store that was stopped cleanly; success when that is
/// done. not_found when there is no store.
env::task<exit_code> run_repair(env::environment world, console* out, repair_command asked);

}  // namespace logstore::app
