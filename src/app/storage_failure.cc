#include "app/storage_failure.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "app/exit_code.h"
#include "base/logging.h"
#include "cluster/errc.h"

namespace logstore::app {
namespace {

/// An errno that a disk or its file system is the reason of, not the command line or another process.
bool is_of_disk(const std::error_code& code) {
    if (code == cluster::errc::io || code == cluster::errc::failed || code == cluster::errc::unknown_outcome) return true;
    if (code.category() != std::generic_category()) return false;
    switch (code.value()) {
        case EIO:
        case EROFS:
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
        case ENODEV:
        case ENXIO:
        case ESHUTDOWN:
        case EUCLEAN: return true;
        default: return false;
    }
}

}  // namespace

void end_process(const error& why) {
    static std::atomic_flag is_ending;
    while (is_ending.test_and_set()) is_ending.wait(true);
    log_error("storage", "the disk failed: {}. The process ends here: restart it, and recovery reads what the disk holds",
              why.message());
    std::fflush(nullptr);
    std::_Exit(number_of(exit_code::failed));
}

std::string with_advice(const error& why) {
    if (!is_of_disk(why.code)) return why.message();
    return why.message() + ". See to the disk, then restart: recovery reads what it holds";
}

}  // namespace logstore::app
