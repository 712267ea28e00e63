#include "log/journal_group.h"

#include <algorithm>

#include "base/crc32c.h"

namespace logstore {

void journal_group::end_entry(journal_entry_header header, std::size_t data_bytes) {
    std::byte* at = memory_.data() + used_;
    header.length = static_cast<std::uint32_t>(data_bytes);
    header.data_checksum = journal_data_checksum(header.kind, {at + journal_entry_header_bytes, data_bytes});
    std::byte encoded[4];
    store_big(encoded, encode_journal_entry_header(header, at));
    entries_checksum_ = crc32c(encoded, entries_checksum_);
    ++entry_count_;
    if (header.kind == journal_entry_kind::batch) ++append_count_;
    used_ += journal_entry_header_bytes + data_bytes;
}

bytes_view journal_group::finish(journal_group_header& header) {
    header.payload_bytes = static_cast<std::uint32_t>(payload_bytes());
    header.entry_count = entry_count_;
    header.entries_checksum = entries_checksum_;
    encode_journal_group_header(header, memory_.data());
    std::fill(memory_.data() + used_, memory_.data() + size_on_disk(), std::byte{0});
    return {memory_.data(), size_on_disk()};
}

void journal_group::clear() {
    used_ = journal_group_header_bytes;
    entry_count_ = append_count_ = 0;
    entries_checksum_ = 0;
}

}  // namespace logstore
