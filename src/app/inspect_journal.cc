#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "app/inspect.h"
#include "app/journal_verdict.h"
#include "base/json_writer.h"
#include "log/recovery_points.h"

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

/// For scripts; use_text is for people.
std::string_view use_name(group_use use) {
    switch (use) {
        case group_use::needed: return "needed";
        case group_use::covered: return "covered";
        case group_use::earlier_use: return "earlier_use";
        case group_use::earlier_start: return "earlier_start";
    }
    CHECK(false);
}

std::string_view use_text(group_use use) {
    switch (use) {
        case group_use::needed: return "needed";
        case group_use::covered: return "in segments";
        case group_use::earlier_use: return "left from an earlier use of the file";
        case group_use::earlier_start: return "left from an earlier start of the store";
    }
    CHECK(false);
}

bool is_of_present_use(group_use use) {
    return use == group_use::needed || use == group_use::covered;
}

struct journal_place {
    std::string recovery_folder;
    shard_id shard;
};

/// `<data-dir>/journal/<shard>-<index>.journal`. Nothing for a file that is named otherwise: it may have been
/// copied anywhere.
std::optional<journal_place> place_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    std::uint32_t shard = 0;
    const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), shard);
    if (code != std::errc{} || *end != '-' || !name.ends_with(".journal")) return std::nullopt;
    return journal_place{folder + "/../recovery", shard_id(shard)};
}

/// From the recovery points beside the journal, when they are there and whole: those of the shard, else those
/// of the whole store, of the last start that has any.
env::task<std::optional<journal_reference>> find_reference(env::file_system* files, journal_place place) {
    std::optional<journal_reference> found;
    const auto entries = co_await files->list(place.recovery_folder);
    if (!entries) co_return found;
    bool is_of_shard = false;
    for (const env::directory_entry& entry : *entries) {
        if (!is_recovery_points_name(entry.name)) continue;
        const auto read = co_await read_recovery_points(files, place.recovery_folder + "/" + entry.name);
        if (!read || (read->shards != 0 && read->shard != place.shard)) continue;
        const bool is_newer = !found || read->boot > found->boot;
        const bool is_closer = found && read->boot == found->boot && read->shards != 0 && !is_of_shard;
        if (!is_newer && !is_closer) continue;
        found = journal_reference{read->journal_salt, read->boot, read->floor, "recovery/" + entry.name};
        is_of_shard = read->shards != 0;
    }
    co_return found;
}

/// With a reference, groups of the present start are looked for by their salt alone: behind a damaged group
/// lies whatever clients appended, and that may look like a group that hides others.
env::task<result<std::vector<found_group>>> find_groups(env::file_system* files, std::string path,
                                                        std::optional<journal_reference> reference) {
    auto all = co_await scan_journal_file(files, path, 0);
    if (!reference) co_return all;
    auto present = co_await scan_journal_file(files, path, 0, reference->salt);
    if (!present || !all) co_return present;
    for (const found_group& group : *all)
        if (group.header.salt != reference->salt) present->push_back(group);
    co_return present;
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

std::string group_text(const judged_group& one, const std::vector<journal_entry_header>& entries) {
    const journal_group_header& header = one.group.header;
    std::string out =
        fmt::format("position {}  group {}  entries {}  bytes {}  salt {:016x}  {}  {}\n", one.group.position,
                    header.sequence, header.entry_count, header.payload_bytes, header.salt,
                    one.group.payload_holds ? "ok" : "does not hold", use_text(one.use));
    // What nothing reads any more is only counted: its entries are not what the topics hold now.
    if (is_of_present_use(one.use))
        for (const journal_entry_header& entry : entries) out += entry_text(entry);
    return out;
}

std::string group_json(const judged_group& one, const std::vector<journal_entry_header>& entries) {
    json_writer json;
    const journal_group_header& header = one.group.header;
    json.begin_object().field("position", one.group.position).field("sequence", header.sequence.value());
    json.field("salt", fmt::format("{:016x}", header.salt)).field("use", use_name(one.use));
    json.field("bytes", header.payload_bytes)
        .field("holds", one.group.payload_holds)
        .key("entries")
        .begin_list();
    for (const journal_entry_header& entry : entries) write_entry(json, entry);
    return json.end_list().end_object().finish();
}

std::string reference_text(const journal_verdict& verdict,
                           const std::optional<journal_reference>& reference) {
    if (reference)
        return fmt::format("the store's start {} has salt {:016x} and needs groups from {} on ({})\n",
                           reference->boot, reference->salt, reference->floor, reference->source);
    if (verdict.groups.empty()) return "there are no recovery points beside this file that can be read\n";
    return fmt::format(
        "there are no recovery points beside this file that can be read: the start that it begins with is "
        "taken for the "
        "present one, salt {:016x}, and all of its groups for needed\n",
        verdict.salt);
}

std::string verdict_text(const journal_verdict& verdict) {
    std::string out = fmt::format("{} groups", verdict.groups.size());
    std::string_view separator = ": ";
    for (const group_use use :
         {group_use::needed, group_use::covered, group_use::earlier_use, group_use::earlier_start}) {
        const std::size_t count = verdict.count(use);
        if (count == 0) continue;
        out += fmt::format("{}{} {}", separator, count, use_text(use));
        separator = ", ";
    }
    out += "\n";
    if (verdict.tail_is_torn)
        out +=
            "the last needed one does not hold: it was never acknowledged, unless the journal goes on in "
            "another file\n";
    for (const std::string& finding : verdict.damage) out += "DAMAGED: " + finding + "\n";
    return out;
}

std::string verdict_json(const journal_verdict& verdict, const std::optional<journal_reference>& reference) {
    json_writer json;
    json.begin_object().key("summary").begin_object().field("groups", verdict.groups.size());
    for (const group_use use :
         {group_use::needed, group_use::covered, group_use::earlier_use, group_use::earlier_start})
        json.field(use_name(use), verdict.count(use));
    json.field("salt", fmt::format("{:016x}", verdict.salt)).key("recovery_points");
    if (reference)
        json.text(reference->source);
    else
        json.null();
    json.field("tail_is_torn", verdict.tail_is_torn).key("damage").begin_list();
    for (const std::string& finding : verdict.damage) json.text(finding);
    return json.end_list().end_object().end_object().finish();
}

}  // namespace

env::task<exit_code> inspect_journal(env::environment world, console* out, inspect_command asked) {
    std::optional<journal_reference> reference;
    if (const auto place = place_of(asked.path)) reference = co_await find_reference(&world.files, *place);
    auto groups = co_await find_groups(&world.files, asked.path, reference);
    if (!groups) co_return report_unreadable(*out, asked.path, groups.error());
    auto file = co_await world.files.open(asked.path, env::open_options::read_only());
    if (!file) co_return report_unreadable(*out, asked.path, file.error());

    const journal_verdict verdict = judge_journal(std::move(*groups), reference);
    if (!asked.json) out->print(reference_text(verdict, reference));
    for (const judged_group& one : verdict.groups) {
        std::vector<journal_entry_header> entries;
        if (one.group.payload_holds) {
            const auto payload = co_await read_journal_payload(file->get(), one.group);
            if (!payload) co_return report_unreadable(*out, asked.path, payload.error());
            entries = entries_of(*payload);
        }
        out->print(asked.json ? group_json(one, entries) : group_text(one, entries));
    }
    out->print(asked.json ? verdict_json(verdict, reference) : verdict_text(verdict));
    co_return verdict.damage.empty() ? exit_code::success : exit_code::failed;
}

}  // namespace logstore::app
