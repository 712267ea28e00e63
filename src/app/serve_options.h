// From the command line of `logstore serve` to the options of a server.
#pragma once

#include "app/command_line.h"
#include "base/result.h"
#include "config/server_options.h"

namespace logstore::app {

/// Reads the configuration file, if one is named, and lets the command line win over it.
result<config::server_options> load_serve_options(const serve_command& asked);

}  // namespace logstore::app
