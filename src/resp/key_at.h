// The key of a record in the log.
#pragma once

#include <optional>

#include "resp/serving.h"

namespace logstore::resp {

struct key_at {
    offset at{-1};
    std::optional<byte_vector> key;
};

/// The first record with a key, at `from` or behind it in the same batch; or none. `with` outlives the task.
env::task<key_at> find_key_at(const serving* with, tablet_id of, offset from);

}  // namespace logstore::resp
