// `logstore bench latency` and `logstore bench throughput`.
#pragma once

#include "app/bench/bench_options.h"
#include "app/console.h"
#include "app/exit_code.h"
#include "app/interruption.h"
#include "env/environment.h"

namespace logstore::app {

/// Prints the report of a run; success only when every request was acknowledged. Interrupted, it reports what
/// was done. A topic that it makes is deleted at the end, whatever the end is. What it is given outlives it.
env::task<exit_code> run_bench_load(env::environment world, console* out, interruption* stop,
                                    bench_load_command asked);

}  // namespace logstore::app
