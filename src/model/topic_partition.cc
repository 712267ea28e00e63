#include "model/topic_partition.h"

#include <algorithm>

namespace logstore {

bool is_legal_topic_name(std::string_view name) {
    constexpr std::size_t length_max = 249;
    if (name.empty() || name.size() > length_max || name == "." || name == "..") return false;
    return std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
}

}  // namespace logstore
