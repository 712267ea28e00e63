// `logstore bench read`.
#pragma once

#include "app/bench/bench_options.h"
#include "app/console.h"
#include "app/exit_code.h"
#include "app/interruption.h"
#include "env/environment.h"

namespace logstore::app {

/// Fills a topic when it is made for the run, reads it from the beginning as often as there are rounds, and
/// measures how long records take to consumers that wait at its end. What it is given outlives it.
env::task<exit_code> run_bench_read(env::environment world, console* out, interruption* stop,
                                    bench_read_command asked);

}  // namespace logstore::app
