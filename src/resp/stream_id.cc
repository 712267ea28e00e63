#include "resp/stream_id.h"

#include <limits>

#include "resp/words.h"

namespace logstore::resp {
namespace {

constexpr std::int64_t offset_max = std::numeric_limits<std::int64_t>::max() - 1;

struct id {
    std::int64_t at = 0;
    /// Nothing: not said.
    std::optional<std::uint64_t> sequence;
};

std::optional<id> parse(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto at = number_in<std::uint64_t>(text.substr(0, dash));
    if (!at) return std::nullopt;
    id found;
    // No record lies that far.
    found.at = *at > static_cast<std::uint64_t>(offset_max) ? offset_max : static_cast<std::int64_t>(*at);
    if (dash == std::string_view::npos) return found;
    found.sequence = number_in<std::uint64_t>(text.substr(dash + 1));
    if (!found.sequence) return std::nullopt;
    return found;
}

bool take_exclusion(std::string_view& text) {
    if (!text.starts_with('(')) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::string stream_id_of(offset at) {
    return std::to_string(at.value()) + "-0";
}

std::optional<std::int64_t> first_offset_in(std::string_view text) {
    if (text == "-") return 0;
    if (text == "+") return offset_max;
    const bool is_excluded = take_exclusion(text);
    const auto found = parse(text);
    if (!found) return std::nullopt;
    // Every record is the first, and only one, of its offset.
    const bool is_behind = is_excluded || found->sequence.value_or(0) > 0;
    return is_behind ? found->at + 1 : found->at;
}

std::optional<std::int64_t> last_offset_in(std::string_view text) {
    if (text == "-") return 0;
    if (text == "+") return offset_max;
    const bool is_excluded = take_exclusion(text);
    const auto found = parse(text);
    if (!found) return std::nullopt;
    constexpr std::uint64_t beyond = 1;
    const bool is_before = is_excluded && found->sequence.value_or(beyond) == 0;
    return is_before ? found->at - 1 : found->at;
}

std::optional<std::int64_t> next_offset_behind(std::string_view text) {
    const auto found = parse(text);
    if (!found) return std::nullopt;
    if (found->at == 0 && !found->sequence) return 0;
    return found->at + 1;
}

}  // namespace logstore::resp
