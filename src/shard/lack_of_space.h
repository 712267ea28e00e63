// Lack of space on disk: which errors mean it, and how it is told.
#pragma once

#include <chrono>
#include <system_error>

#include "env/clock.h"

namespace logstore {

/// The disk is full, the quota is used up, or the file would be larger than this process may make one (RLIMIT_FSIZE): where
/// room is reserved or bytes are written behind that the journal still holds, nothing is lost and trying again may help.
bool is_lack_of_space(const std::error_code& code);

/// One span of time in which room (or another thing that comes back) was missing, however often it was tried and came and went,
/// so that its beginning and its end are told once each. One owner.
class space_episode {
  public:
    /// Nothing was missing for so long: it is over. Whoever calls this tries again more often.
    static constexpr env::duration quiet = std::chrono::seconds(2);

    /// Room was missing. True when an episode begins.
    bool note_refusal(env::monotonic_time now);
    /// Room is there, as far as is known. True when an episode ends.
    bool note_room(env::monotonic_time now);

  private:
    bool is_open_ = false;
    env::monotonic_time last_refusal_{};
};

}  // namespace logstore
