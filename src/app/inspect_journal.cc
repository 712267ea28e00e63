#include <algorithm>

#include <fmt/format.h>

#include "app/inspect.h"
#include "app/json_writer.h"
#include "log/journal_reader.h"

namespace logstore::app {
namespace {

std::string kind_name(journal_entry_kind kind) {
    switch (kind) {
        case journal_entry_kind::batch: return "batch";
        case journal_entry_kind::tail: return "tail";
        case journal_entry_kind::truncate: return "truncate";
        case journal_entry_kind::log_start: return "log start";
        case journal_entry_kind::deleted: return "deleted";
    }
    return "kind " + std::to_string(static_cast<int>(kind));
}

/// What is wrong with the groups of a file's present use. Groups of an earlier use lie behind and between
/// them; they are not judged.
struct journal_verdict {
    std::uint64_t salt = 0;  ///< of the present use
    /// The last group does not hold. It was never acknowledged, unless the journal goes on in another file.
    bool tail_is_torn = false;
    std::vector<std::string> damage;
};

journal_verdict judge(const std::vector<found_group>& groups) {
    journal_verdict verdict;
    if (groups.empty()) return verdict;
    const auto sequence_of = [](const found_group& group) { return group.header.sequence; };
    verdict.salt = std::ranges::max_element(groups, {}, sequence_of)->header.salt;
    std::vector<found_group> present;
    std::ranges::copy_if(groups, std::back_inserter(present),
                         [&](const found_group& group) { return group.header.salt == verdict.salt; });
    std::ranges::sort(present, {}, sequence_of);
    verdict.tail_is_torn = !present.back().payload_holds;
    for (std::size_t i = 0; i < present.size(); ++i) {
        const found_group& group = present[i];
        if (!group.payload_holds && i + 1 < present.size()) {
            verdict.damage.push_back(fmt::format(
                "group {} is damaged, and a later one proves that it was whole", sequence_of(group)));
        }
        if (i == 0) continue;
        const found_group& before = present[i - 1];
        if (sequence_of(group) != sequence_of(before) + 1) {
            verdict.damage.push_back(
                fmt::format("groups {} to {} are missing", sequence_of(before) + 1, sequence_of(group) - 1));
        } else if (group.header.checksum_before != before.header.checksum) {
            verdict.damage.push_back(
                fmt::format("group {} does not continue the one before it", sequence_of(group)));
        }
    }
    return verdict;
}

std::string entry_text(const journal_entry_header& entry) {
    return fmt::format(
        "  {}  topic {}  partition {}  epoch {}  offsets {}-{}  segment {} position {}  bytes {}\n",
        kind_name(entry.kind), entry.tablet.topic.text(), entry.tablet.partition, entry.epoch,
        entry.base_offset, entry.next, entry.segment_base, entry.position, entry.length);
}

void write_entry(json_writer& json, const journal_entry_header& entry) {
    json.begin_object().field("kind", kind_name(entry.kind)).field("topic_id", entry.tablet.topic.text());
    json.field("partition", entry.tablet.partition.value()).field("leader_epoch", entry.epoch.value());
    json.field("base_offset", entry.base_offset.value()).field("next_offset", entry.next.value());
    json.field("segment_base", entry.segment_base.value()).field("position", entry.position.value());
    json.field("bytes", entry.length).end_object();
}

/// The entries of a group that holds.
std::vector<journal_entry_header> entries_of(bytes_view payload) {
    std::vector<journal_entry_header> entries;
    journal_entry_cursor cursor(payload);
    while (!cursor.at_end()) {
        const auto entry = cursor.next();
        if (!entry) break;
        entries.push_back(entry->header);
    }
    return entries;
}

std::string group_text(const found_group& group, bool is_present,
                       const std::vector<journal_entry_header>& entries) {
    std::string out = fmt::format(
        "position {}  group {}  entries {}  bytes {}  salt {:016x}{}  {}\n", group.position,
        group.header.sequence, group.header.entry_count, group.header.payload_bytes, group.header.salt,
        is_present ? "" : " (of an earlier use)", group.payload_holds ? "ok" : "does not hold");
    for (const journal_entry_header& entry : entries) out += entry_text(entry);
    return out;
}

std::string group_json(const found_group& group, bool is_present,
                       const std::vector<journal_entry_header>& entries) {
    json_writer json;
    json.begin_object().field("position", group.position).field("sequence", group.header.sequence.value());
    json.field("salt", fmt::format("{:016x}", group.header.salt)).field("present_use", is_present);
    json.field("bytes", group.header.payload_bytes)
        .field("holds", group.payload_holds)
        .key("entries")
        .begin_list();
    for (const journal_entry_header& entry : entries) write_entry(json, entry);
    return json.end_list().end_object().finish();
}

std::string verdict_text(std::size_t groups, const journal_verdict& verdict) {
    std::string out = fmt::format("{} groups", groups);
    if (verdict.tail_is_torn) {
        out +=
            "; the last one does not hold: it was never acknowledged, unless the journal goes on in another "
            "file";
    }
    out += "\n";
    for (const std::string& finding : verdict.damage) out += "DAMAGED: " + finding + "\n";
    return out;
}

std::string verdict_json(std::size_t groups, const journal_verdict& verdict) {
    json_writer json;
    json.begin_object()
        .key("summary")
        .begin_object()
        .field("groups", groups)
        .field("tail_is_torn", verdict.tail_is_torn);
    json.key("damage").begin_list();
    for (const std::string& finding : verdict.damage) json.text(finding);
    return json.end_list().end_object().end_object().finish();
}

}  // namespace

env::task<exit_code> inspect_journal(env::environment world, console* out, inspect_command asked) {
    auto groups = co_await scan_journal_file(&world.files, asked.path, 0);
    if (!groups) co_return report_unreadable(*out, asked.path, groups.error());
    auto file = co_await world.files.open(asked.path, env::open_options::read_only());
    if (!file) co_return report_unreadable(*out, asked.path, file.error());

    const journal_verdict verdict = judge(*groups);
    for (const found_group& group : *groups) {
        std::vector<journal_entry_header> entries;
        if (group.payload_holds) {
            const auto payload = co_await read_journal_payload(file->get(), group);
            if (!payload) co_return report_unreadable(*out, asked.path, payload.error());
            entries = entries_of(*payload);
        }
        const bool is_present = group.header.salt == verdict.salt;
        out->print(asked.json ? group_json(group, is_present, entries)
                              : group_text(group, is_present, entries));
    }
    out->print(asked.json ? verdict_json(groups->size(), verdict) : verdict_text(groups->size(), verdict));
    co_return verdict.damage.empty() ? exit_code::success : exit_code::failed;
}

}  // namespace logstore::app
