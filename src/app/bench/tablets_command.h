// `logstore bench tablets`.
#pragma once

#include "app/bench/bench_options.h"
#include "app/console.h"
#include "app/exit_code.h"
#include "app/interruption.h"
#include "env/environment.h"

namespace logstore::app {

/// The same load on topics of different numbers of partitions, in turn, as often as there are rounds. Makes
/// and deletes them as `bench latency` does its one. What it is given outlives it.
env::task<exit_code> run_bench_tablets(env::environment world, console* out, interruption* stop,
                                       bench_tablets_command asked);

}  // namespace logstore::app
