#include "kafka/protocol/api_versions.h"

#include <algorithm>

#include "base/check.h"
#include "kafka/protocol/codec.h"

namespace logstore::kafka {

std::vector<api_versions_response::range> offered_apis() {
    std::vector<api_versions_response::range> ranges;
    for (const api_info& info : api_table) {
        if (info.is_offered()) {
            ranges.push_back({info.key, api_version(info.advertised_min), api_version(info.advertised_max)});
        }
    }
    return ranges;
}

void append_api_versions_too_new(byte_vector& out, std::int32_t correlation_id,
                                 std::vector<api_versions_response::range> apis) {
    api_versions_response answer;
    answer.error = error_code::unsupported_version;
    answer.apis = std::move(apis);
    CHECK(append_response(out, api_version(0), correlation_id, answer).has_value());
}

bool is_legal_software_name(std::string_view name) {
    const auto is_letter_or_digit = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return !name.empty() && is_letter_or_digit(name.front()) && is_letter_or_digit(name.back()) &&
           std::ranges::all_of(name, [&](char c) { return is_letter_or_digit(c) || c == '-' || c == '.'; });
}

}  // namespace logstore::kafka
