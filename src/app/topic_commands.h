// `logstore topic …`.
#pragma once

#include "app/command_line.h"
#include "app/console.h"
#include "app/exit_code.h"
#include "env/environment.h"

// Each runs on one executor and speaks through `out`, which outlives it.
namespace logstore::app {

env::task<exit_code> run_create_topic(env::environment world, console* out, create_topic_command asked);
env::task<exit_code> run_list_topics(env::environment world, console* out, list_topics_command asked);
env::task<exit_code> run_describe_topic(env::environment world, console* out, describe_topic_command asked);
env::task<exit_code> run_delete_topic(env::environment world, console* out, delete_topic_command asked);

}  // namespace logstore::app
