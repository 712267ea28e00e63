// `logstore inspect …`: stored files, read without a server.
#pragma once

#include "app/command_line.h"
#include "app/console.h"
#include "app/exit_code.h"
#include "env/environment.h"

// Each prints what a file holds and whether it holds: success, failed when it is damaged, not_found when
// there is no such file. Files are untrusted: nothing in them makes these crash or take much memory. Changes
// nothing.
namespace logstore::app {

env::task<exit_code> run_inspect(env::environment world, console* out, inspect_command asked);

env::task<exit_code> inspect_segment(env::environment world, console* out, inspect_command asked);
env::task<exit_code> inspect_journal(env::environment world, console* out, inspect_command asked);
env::task<exit_code> inspect_recovery_points(env::environment world, console* out, inspect_command asked);

/// Says why a file cannot be read, and answers the exit code that belongs to it.
exit_code report_unreadable(console& out, const std::string& path, const error& why);

}  // namespace logstore::app
