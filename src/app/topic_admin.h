// `logstore topic add-partitions`, `config`, `trim` and `sizes`.
#pragma once

#include "app/command_line.h"
#include "app/console.h"
#include "app/exit_code.h"
#include "env/environment.h"

// Each runs on one executor and speaks through `out`, which outlives it.
namespace logstore::app {

env::task<exit_code> run_add_partitions(env::environment world, console* out, add_partitions_command asked);
env::task<exit_code> run_topic_config(env::environment world, console* out, topic_config_command asked);
env::task<exit_code> run_trim_topic(env::environment world, console* out, trim_topic_command asked);
env::task<exit_code> run_topic_sizes(env::environment world, console* out, topic_sizes_command asked);

}  // namespace logstore::app
