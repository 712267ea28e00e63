#include "app/serve.h"

#include "app/exit_code.h"
#include "base/logging.h"

namespace logstore::app {

int run_serve(const serve_arguments&) {
    log_error("serve", "this build has no server yet");
    return number_of(exit_code::failed);
}

}  // namespace logstore::app
