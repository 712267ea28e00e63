// `logstore serve`: the server itself.
#pragma once

#include "config/server_options.h"

namespace logstore::app {

struct serve_arguments {
    /// Checked against every bound and rule.
    config::server_options options;
};

/// Serves until SIGTERM or SIGINT, then stops cleanly. The answer is the exit code of the process
/// (exit_code.h).
int run_serve(const serve_arguments& arguments);

}  // namespace logstore::app
