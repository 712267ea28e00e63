#include "log/journal_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/aligned_buffer.h"
#include "base/planted_fault.h"
#include "env/lanes.h"
#include "log/log_errc.h"

namespace logstore {
namespace {

constexpr std::size_t scan_piece_bytes = std::size_t(4) << 20;
/// Files of a journal that are scanned at the same time, each with a piece in memory.
constexpr std::size_t files_scanned_together = 4;

/// `<shard>-<index>.journal`, or nothing.
std::optional<journal_file_name> parse_name(const std::string& folder, std::string_view name) {
    constexpr std::string_view ending = ".journal";
    if (!name.ends_with(ending)) return std::nullopt;
    const std::string_view stem = name.substr(0, name.size() - ending.size());
    const std::size_t dash = stem.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    std::uint32_t numbers[2];
    const std::string_view parts[2] = {stem.substr(0, dash), stem.substr(dash + 1)};
    for (int i = 0; i < 2; ++i) {
        const auto [end, code] = std::from_chars(parts[i].data(), parts[i].data() + parts[i].size(), numbers[i]);
        if (code != std::errc{} || end != parts[i].data() + parts[i].size()) return std::nullopt;
    }
    return journal_file_name{shard_id(numbers[0]), numbers[1], folder + "/" + std::string(name)};
}

/// The tablets and offsets that a damaged group still names, for the operator.
std::string describe_damage(const found_group& group) {
    return fmt::format("journal group {} ({} entries, {} bytes at position {}) is damaged", group.header.sequence,
                       group.header.entry_count, group.header.payload_bytes, group.position);
}

}  // namespace

env::task<result<std::vector<journal_file_name>>> list_journal_files(env::file_system* files, std::string folder) {
    auto entries = co_await files->list(folder);
    if (!entries) co_return std::unexpected(entries.error());
    std::vector<journal_file_name> found;
    for (const auto& entry : *entries)
        if (auto name = parse_name(folder, entry.name)) found.push_back(std::move(*name));
    co_return found;
}

env::task<result<std::vector<found_group>>> scan_journal_file(env::file_system* files, std::string path,
                                                              std::uint32_t file_index,
                                                              std::optional<std::uint64_t> salt) {
    const bool trusts_cache = is_planted(planted_fault::recovery_through_page_cache);
    env::open_options how = env::open_options::read_only();
    if (!trusts_cache) how.directly();
    auto opened = co_await files->open(path, how);
    if (!opened) co_return std::unexpected(opened.error());
    std::unique_ptr<env::file> file = std::move(*opened);
    result<> dropped;
    if (!trusts_cache) dropped = co_await file->drop_cache();
    if (!dropped) co_return std::unexpected(dropped.error());
    auto size = co_await file->size();
    if (!size) co_return std::unexpected(size.error());

    std::vector<found_group> found;
    const std::uint64_t end = round_down_to_block(*size);
    aligned_buffer window(static_cast<std::size_t>(std::min<std::uint64_t>(scan_piece_bytes, end)));
    std::uint64_t window_start = 0;
    std::size_t window_bytes = 0;
    for (std::uint64_t at = 0; at < end;) {
        if (at < window_start || at + block_bytes > window_start + window_bytes) {
            window_start = at;
            const std::size_t piece = std::min<std::uint64_t>(scan_piece_bytes, end - at);
            auto got = co_await file->read(at, window.span().first(piece));
            if (!got) co_return std::unexpected(got.error());
            window_bytes = *got;
            if (window_bytes < block_bytes) break;
        }
        const bytes_view block(window.data() + (at - window_start), block_bytes);
        // Blocks are looked at that may hold anything a client appended: without the salt nothing there is a group.
        if (salt && !may_be_journal_group(block, *salt)) {
            at += block_bytes;
            continue;
        }
        auto header = decode_journal_group_header(block);
        if (!header) {
            if (header.error().code == log_errc::newer_format)
                co_return fail(log_errc::newer_format, path + " was written by a newer version of logstore");
            at += block_bytes;
            continue;
        }
        found_group group{*header, file_index, at, false};
        const std::uint64_t group_end = at + header->size_on_disk();
        if (group_end <= window_start + window_bytes) {
            const bytes_view payload(window.data() + (at - window_start) + journal_group_header_bytes, header->payload_bytes);
            group.payload_holds = check_journal_payload(*header, payload).has_value();
        } else if (group_end <= end) {
            auto payload = co_await read_journal_payload(file.get(), group);
            if (!payload) co_return std::unexpected(payload.error());
            group.payload_holds = check_journal_payload(*header, *payload).has_value();
        }
        if (is_planted(planted_fault::recovery_without_checksums)) group.payload_holds = group_end <= end;
        found.push_back(group);
        // A group that does not hold may have been overwritten from within: look at every block behind its header.
        at = group.payload_holds ? group_end : at + block_bytes;
    }
    co_return found;
}

env::task<result<byte_vector>> read_journal_payload(env::file* from, found_group group) {
    aligned_buffer blocks(group.header.size_on_disk());
    auto got = co_await from->read(group.position, blocks.span());
    if (!got) co_return std::unexpected(got.error());
    if (*got < journal_group_header_bytes + group.header.payload_bytes)
        co_return fail(log_errc::truncated, "a journal file ends inside a group");
    const std::byte* payload = blocks.data() + journal_group_header_bytes;
    co_return byte_vector(payload, payload + group.header.payload_bytes);
}

journal_scan order_journal_groups(std::vector<found_group> found, journal_sequence floor) {
    journal_scan scan;
    std::map<journal_sequence, found_group> by_sequence;
    for (const auto& group : found) {
        scan.highest = std::max(scan.highest, group.header.sequence);
        auto [at, is_new] = by_sequence.emplace(group.header.sequence, group);
        if (!is_new && group.payload_holds) at->second = group;
    }
    by_sequence.erase(by_sequence.begin(), by_sequence.lower_bound(floor));
    if (by_sequence.empty()) return scan;
    if (!by_sequence.rbegin()->second.payload_holds) {
        scan.tail_was_torn = true;
        by_sequence.erase(std::prev(by_sequence.end()));
    }
    if (is_planted(planted_fault::damage_taken_for_torn_tail)) {
        const auto damaged = std::ranges::find_if(by_sequence, [](const auto& at) { return !at.second.payload_holds; });
        by_sequence.erase(damaged, by_sequence.end());
    }
    journal_sequence expected = floor;
    const found_group* before = nullptr;
    for (const auto& [sequence, group] : by_sequence) {
        if (sequence != expected)
            scan.damage.push_back(fmt::format("journal groups {} to {} are missing", expected, sequence - 1));
        else if (before != nullptr && before->header.checksum != group.header.checksum_before)
            scan.damage.push_back(fmt::format("journal group {} does not continue the one before it", sequence));
        if (!group.payload_holds) scan.damage.push_back(describe_damage(group));
        else scan.groups.push_back(group);
        before = &group;
        expected = sequence + 1;
    }
    return scan;
}

namespace {

using scanned_file = result<std::vector<found_group>>;

env::task<> scan_into(env::file_system* files, std::string path, std::uint32_t index, std::uint64_t salt,
                      scanned_file* into) {
    *into = co_await scan_journal_file(files, std::move(path), index, salt);
}

}  // namespace

env::task<result<journal_scan>> scan_journal(env::file_system* files, std::vector<std::string> paths, journal_sequence floor,
                                            std::uint64_t salt) {
    std::vector<scanned_file> scanned(paths.size());
    co_await env::run_in_lanes(paths.size(), files_scanned_together, [&](std::size_t index) {
        return scan_into(files, paths[index], static_cast<std::uint32_t>(index), salt, &scanned[index]);
    });
    std::vector<found_group> found;
    for (const scanned_file& one : scanned) {
        if (!one) co_return std::unexpected(one.error());
        found.insert(found.end(), one->begin(), one->end());
    }
    journal_scan scan = order_journal_groups(std::move(found), floor);
    scan.files = std::move(paths);
    co_return scan;
}

}  // namespace logstore
