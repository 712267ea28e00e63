// Runs one command in the real world.
#pragma once

#include <functional>

#include "app/console.h"
#include "app/exit_code.h"
#include "env/host.h"

namespace logstore::app {

/// `make_command(host)` makes the coroutine of a command, which then runs on the only executor of a new host;
/// answers its exit code.
exit_code run_on_host(console& out, const std::function<env::task<exit_code>(env::host&)>& make_command);

}  // namespace logstore::app
