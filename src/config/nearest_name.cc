#include "config/nearest_name.h"

#include <algorithm>
#include <numeric>

namespace logstore::config {
namespace {

/// Levenshtein distance, one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t(0));
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[b.size()];
}

/// The last part of a dotted name: who writes `listen` outside its table means `kafka.listen`.
std::string_view last_part(std::string_view name) {
    return name.substr(name.rfind('.') + 1);
}

}  // namespace

std::string_view nearest_name(std::string_view name, const std::vector<std::string_view>& known) {
    constexpr std::size_t name_length_max = 256;  // keeps the work bounded whatever was written
    if (name.size() > name_length_max) return {};
    std::string_view nearest;
    std::size_t nearest_distance = name.size() / 2 + 1;
    for (std::string_view candidate : known) {
        std::size_t distance = edit_distance(name, candidate);
        if (last_part(candidate) == last_part(name)) distance = std::min(distance, std::size_t(1));
        if (distance < nearest_distance) {
            nearest = candidate;
            nearest_distance = distance;
        }
    }
    return nearest;
}

}  // namespace logstore::config
