#include "log/journal_format.h"

#include <algorithm>

#include "base/crc32c.h"
#include "log/log_errc.h"
#include "model/record_batch.h"

namespace logstore {
namespace {

constexpr std::uint64_t group_magic = 0x4C534A4752503031;  // "LSJGRP01"
constexpr std::uint16_t format_version = 1;
constexpr std::size_t group_checksum_at = 60;
constexpr std::size_t entry_checksum_at = 68;
static_assert(group_checksum_at + 4 == journal_group_header_bytes);
static_assert(entry_checksum_at + 4 == journal_entry_header_bytes);

}  // namespace

void encode_journal_group_header(journal_group_header& header, std::byte* to) {
    std::fill_n(to, journal_group_header_bytes, std::byte{0});
    store_big(to, group_magic);
    store_big(to + 8, format_version);
    store_big(to + 16, header.salt);
    store_big(to + 24, header.sequence.value());
    store_big(to + 32, header.checksum_before);
    store_big(to + 36, header.payload_bytes);
    store_big(to + 40, header.entry_count);
    store_big(to + 44, header.entries_checksum);
    header.checksum = crc32c({to, group_checksum_at});
    store_big(to + group_checksum_at, header.checksum);
}

bool may_be_journal_group(bytes_view from, std::uint64_t salt) {
    return from.size() >= 24 && load_big<std::uint64_t>(from.data()) == group_magic &&
           load_big<std::uint64_t>(from.data() + 16) == salt;
}

result<journal_group_header> decode_journal_group_header(bytes_view from) {
    if (from.size() < journal_group_header_bytes) return fail(log_errc::truncated);
    const std::byte* p = from.data();
    if (load_big<std::uint64_t>(p) != group_magic) return fail(log_errc::not_found);
    journal_group_header header;
    header.checksum = load_big<std::uint32_t>(p + group_checksum_at);
    if (crc32c(from.first(group_checksum_at)) != header.checksum) return fail(log_errc::corrupt);
    if (load_big<std::uint16_t>(p + 8) > format_version) return fail(log_errc::newer_format);
    header.salt = load_big<std::uint64_t>(p + 16);
    header.sequence = journal_sequence(load_big<std::uint64_t>(p + 24));
    header.checksum_before = load_big<std::uint32_t>(p + 32);
    header.payload_bytes = load_big<std::uint32_t>(p + 36);
    header.entry_count = load_big<std::uint32_t>(p + 40);
    header.entries_checksum = load_big<std::uint32_t>(p + 44);
    return header;
}

std::uint32_t encode_journal_entry_header(const journal_entry_header& header, std::byte* to) {
    store_big(to, static_cast<std::uint32_t>(header.kind) << 24);
    store_big(to + 4, header.tablet.partition.value());
    std::ranges::copy(header.tablet.topic.bytes, to + 8);
    store_big(to + 24, header.epoch.value());
    store_big(to + 28, header.length);
    store_big(to + 32, header.base_offset.value());
    store_big(to + 40, header.next.value());
    store_big(to + 48, header.segment_base.value());
    store_big(to + 56, header.position.value());
    store_big(to + 64, header.data_checksum);
    const std::uint32_t checksum = crc32c({to, entry_checksum_at});
    store_big(to + entry_checksum_at, checksum);
    return checksum;
}

result<journal_entry_header> decode_journal_entry_header(bytes_view from) {
    if (from.size() < journal_entry_header_bytes) return fail(log_errc::truncated);
    const std::byte* p = from.data();
    journal_entry_header header;
    header.checksum = load_big<std::uint32_t>(p + entry_checksum_at);
    if (crc32c(from.first(entry_checksum_at)) != header.checksum) return fail(log_errc::corrupt);
    const auto kind = static_cast<std::uint8_t>(p[0]);
    if (kind < static_cast<std::uint8_t>(journal_entry_kind::batch) ||
        kind > static_cast<std::uint8_t>(journal_entry_kind::deleted))
        return fail(log_errc::newer_format);
    header.kind = static_cast<journal_entry_kind>(kind);
    header.tablet.partition = partition_id(load_big<std::int32_t>(p + 4));
    std::copy_n(p + 8, header.tablet.topic.bytes.size(), header.tablet.topic.bytes.begin());
    header.epoch = leader_epoch(load_big<std::int32_t>(p + 24));
    header.length = load_big<std::uint32_t>(p + 28);
    header.base_offset = offset(load_big<std::int64_t>(p + 32));
    header.next = next_offset(load_big<std::int64_t>(p + 40));
    header.segment_base = offset(load_big<std::int64_t>(p + 48));
    header.position = byte_position(load_big<std::uint64_t>(p + 56));
    header.data_checksum = load_big<std::uint32_t>(p + 64);
    return header;
}

std::uint32_t journal_data_checksum(journal_entry_kind kind, bytes_view data) {
    if (kind == journal_entry_kind::batch) return crc32c(data.first(std::min(data.size(), record_batch_crc_start)));
    return kind == journal_entry_kind::tail ? crc32c(data) : 0;
}

bool journal_data_holds(const journal_entry_header& header, bytes_view data) {
    if (data.size() != header.length || journal_data_checksum(header.kind, data) != header.data_checksum) return false;
    if (header.kind != journal_entry_kind::batch) return true;
    const auto batch = read_record_batch_header(data);
    return batch && batch->size_bytes() == data.size() && batch->base_offset == header.base_offset &&
           batch->next() == header.next && record_batch_crc_holds(*batch, data);
}

result<journal_entry_cursor::entry> journal_entry_cursor::next() {
    auto header = decode_journal_entry_header(rest_);
    if (!header) return std::unexpected(header.error());
    if (rest_.size() - journal_entry_header_bytes < header->length) return fail(log_errc::truncated);
    const bytes_view data = rest_.subspan(journal_entry_header_bytes, header->length);
    if (!journal_data_holds(*header, data)) return fail(log_errc::corrupt);
    rest_ = rest_.subspan(journal_entry_header_bytes + header->length);
    return entry{*header, data};
}

result<> check_journal_payload(const journal_group_header& header, bytes_view payload) {
    if (payload.size() != header.payload_bytes) return fail(log_errc::truncated);
    journal_entry_cursor cursor(payload);
    std::uint32_t count = 0;
    std::uint32_t checksum = 0;
    while (!cursor.at_end()) {
        auto entry = cursor.next();
        if (!entry) return std::unexpected(entry.error());
        std::byte encoded[4];
        store_big(encoded, entry->header.checksum);
        checksum = crc32c(encoded, checksum);
        ++count;
    }
    if (count != header.entry_count || checksum != header.entries_checksum) return fail(log_errc::corrupt);
    return {};
}

}  // namespace logstore
