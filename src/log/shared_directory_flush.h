// Flushes of one directory that many ask for at once.
#pragma once

#include <cstdint>
#include <string>

#include "env/environment.h"
#include "env/turn.h"

namespace logstore {

/// Makes the names in a directory durable, for everyone who asks: whoever asks while a flush is under way waits for the next
/// one, with all others that asked by then. So what a caller changed before it asked is durable when its call succeeds, and
/// ten thousand new tablets cost some hundred flushes of the directory that holds theirs. A failed flush fails for all who
/// waited for it. One shard.
class shared_directory_flush {
  public:
    shared_directory_flush(env::environment world, std::string directory)
        : world_(world), directory_(std::move(directory)), turn_(world.loop) {}

    const std::string& directory() const { return directory_; }

    env::task<result<>> flush();

  private:
    env::environment world_;
    std::string directory_;
    env::turn turn_;
    std::uint64_t begun_ = 0;
    result<> last_outcome_;
};

}  // namespace logstore
