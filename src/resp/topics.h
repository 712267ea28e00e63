// Topics as the keys of commands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "env/task.h"
#include "resp/serving.h"

namespace logstore::resp {

/// What became of making a topic.
struct topic_made {
    /// Whether this shard knows it now.
    bool is_there = false;
    /// Nobody can say whether it was made: the client gets no answer.
    bool is_unknown = false;
    /// The answer, when it is not there.
    std::string why;
};

/// Makes a topic on its first use, with a key view or without; also when another client is making it. Where topics are
/// not made so, and where the name is none, that is the answer. `with` outlives the task.
env::task<topic_made> make_topic(const serving* with, std::string name, bool has_view);

/// "topic/3", or "topic" for its partition 0.
struct stream_name {
    std::string_view topic;
    std::int32_t partition = 0;

    /// Nothing when what follows the slash is no number.
    static std::optional<stream_name> of(std::string_view key);
};

}  // namespace logstore::resp
