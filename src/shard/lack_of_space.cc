#include "shard/lack_of_space.h"

#include <cerrno>
#include <utility>

namespace logstore {

bool is_lack_of_space(const std::error_code& code) {
    // As std::errc there is none of the quota.
    return code == std::errc::no_space_on_device || code == std::errc::file_too_large ||
           code == std::error_code(EDQUOT, std::generic_category());
}

bool space_episode::note_refusal(env::monotonic_time now) {
    last_refusal_ = now;
    return !std::exchange(is_open_, true);
}

bool space_episode::note_room(env::monotonic_time now) {
    if (!is_open_ || now - last_refusal_ < quiet) return false;
    is_open_ = false;
    return true;
}

}  // namespace logstore
