#include "log/shared_directory_flush.h"

namespace logstore {

env::task<result<>> shared_directory_flush::flush() {
    const std::uint64_t begun_before = begun_;
    co_await turn_.take();
    // A flush that began after this call, and has ended, is this caller's too.
    if (begun_ == begun_before) {
        ++begun_;
        last_outcome_ = co_await world_.files.sync_directory(directory_);
    }
    result<> outcome = last_outcome_;
    turn_.give();
    co_return outcome;
}

}  // namespace logstore
