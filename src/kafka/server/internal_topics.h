// Topics in which the broker itself keeps something.
#pragma once

#include <string_view>

namespace logstore::kafka {

inline bool is_internal_topic(std::string_view name) {
    return name == "__consumer_offsets" || name == "__transaction_state";
}

}  // namespace logstore::kafka
