#include "app/journal_verdict.h"

#include <algorithm>

#include <fmt/format.h>

namespace logstore::app {
namespace {

journal_sequence sequence_of(const judged_group& one) {
    return one.group.header.sequence;
}

group_use use_of(const found_group& group, std::uint64_t salt, journal_sequence first,
                 journal_sequence floor) {
    if (group.header.salt != salt) return group_use::earlier_start;
    if (group.header.sequence < first) return group_use::earlier_use;
    return group.header.sequence < floor ? group_use::covered : group_use::needed;
}

/// Needed groups that precede the first that was found would lie before it in this file.
void judge_beginning(const judged_group& first, const std::optional<journal_reference>& reference,
                     std::vector<std::string>* damage) {
    if (!reference || first.group.position == 0 || sequence_of(first) <= reference->floor) return;
    damage->push_back(fmt::format(
        "what comes before group {} in this file is no group; the groups before it are needed from {} on",
        sequence_of(first), reference->floor));
}

void judge_pair(const judged_group& before, const judged_group& group, std::vector<std::string>* damage) {
    if (!before.group.payload_holds)
        damage->push_back(fmt::format("group {} is damaged, and a later one proves that it was whole",
                                      sequence_of(before)));
    if (sequence_of(group) != sequence_of(before) + 1)
        damage->push_back(
            fmt::format("groups {} to {} are missing", sequence_of(before) + 1, sequence_of(group) - 1));
    else if (group.group.header.checksum_before != before.group.header.checksum)
        damage->push_back(fmt::format("group {} does not continue the one before it", sequence_of(group)));
}

}  // namespace

std::size_t journal_verdict::count(group_use use) const {
    return static_cast<std::size_t>(std::ranges::count(groups, use, &judged_group::use));
}

journal_verdict judge_journal(std::vector<found_group> groups,
                              const std::optional<journal_reference>& reference) {
    journal_verdict verdict;
    if (reference) verdict.salt = reference->salt;
    std::ranges::sort(groups, {}, &found_group::position);
    if (groups.empty()) return verdict;
    if (!reference) verdict.salt = groups.front().header.salt;
    const auto begins =
        std::ranges::find(groups, verdict.salt, [](const found_group& group) { return group.header.salt; });
    const journal_sequence first = begins == groups.end() ? journal_sequence(0) : begins->header.sequence;
    const journal_sequence floor = reference ? reference->floor : journal_sequence(0);
    for (const found_group& group : groups)
        verdict.groups.push_back({group, use_of(group, verdict.salt, first, floor)});

    std::vector<judged_group> needed;
    std::ranges::copy_if(verdict.groups, std::back_inserter(needed),
                         [](const judged_group& one) { return one.use == group_use::needed; });
    if (needed.empty()) return verdict;
    std::ranges::stable_sort(needed, {}, sequence_of);
    judge_beginning(needed.front(), reference, &verdict.damage);
    for (std::size_t i = 1; i < needed.size(); ++i) judge_pair(needed[i - 1], needed[i], &verdict.damage);
    verdict.tail_is_torn = !needed.back().group.payload_holds;
    return verdict;
}

}  // namespace logstore::app
