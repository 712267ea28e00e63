#include "app/storage_failure.h"

#include <cstdio>
#include <cstdlib>

#include "app/exit_code.h"
#include "base/logging.h"

namespace logstore::app {

void end_process(const error& why) {
    log_error("storage", "a durable write failed: {}. The process ends here: restart it, and recovery reads what the disk holds",
              why.message());
    std::fflush(nullptr);
    std::_Exit(number_of(exit_code::failed));
}

}  // namespace logstore::app
