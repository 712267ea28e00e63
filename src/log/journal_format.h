// Bytes of the journal: groups of entries. docs/formats/journal.md has the grammar and the reasons.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "model/numbers.h"
#include "model/topic_partition.h"

namespace logstore {

inline constexpr std::size_t journal_group_header_bytes = 64;
inline constexpr std::size_t journal_entry_header_bytes = 72;

/// The first bytes of a group; a group starts on a block and is padded with zeros to whole blocks.
struct journal_group_header {
    std::uint64_t salt = 0;  ///< of the start of the store that wrote it; what clients append cannot forge a group
    journal_sequence sequence;
    std::uint32_t checksum_before = 0;   ///< `checksum` of the group before, 0 for the first of a journal
    std::uint32_t payload_bytes = 0;     ///< entries, without header and padding
    std::uint32_t entry_count = 0;
    std::uint32_t entries_checksum = 0;  ///< CRC-32C over the header checksums of the entries, in order
    std::uint32_t checksum = 0;          ///< CRC-32C of the header before this field

    std::size_t size_on_disk() const { return round_up_to_block(journal_group_header_bytes + payload_bytes); }
};

enum class journal_entry_kind : std::uint8_t {
    /// One record batch as stored in its segment.
    batch = 1,
    /// Bytes of a segment from a block's start to its ragged end: repeats what earlier entries or the file hold.
    tail = 2,
    /// Everything from base_offset on, at `position` of segment `segment_base`, is gone.
    truncate = 3,
    /// base_offset is the new log start offset.
    log_start = 4,
    /// The tablet's topic was deleted; nothing of it may come back.
    deleted = 5,
};

struct journal_entry_header {
    journal_entry_kind kind = journal_entry_kind::batch;
    tablet_id tablet;
    leader_epoch epoch = no_leader_epoch;
    std::uint32_t length = 0;  ///< bytes that follow this header
    offset base_offset{0};
    next_offset next{0};
    offset segment_base{0};
    byte_position position{0};  ///< of the bytes in the segment
    /// batch: CRC-32C of the part that the batch's own CRC leaves out (its first 21 bytes, which hold that CRC);
    /// tail: of all bytes; else 0.
    std::uint32_t data_checksum = 0;
    std::uint32_t checksum = 0;  ///< of the header before this field
};

/// Writes the header with its checksum. REQUIRES: journal_group_header_bytes at `to`.
void encode_journal_group_header(journal_group_header& header, std::byte* to);
/// Whether a group of that start of the store, whatever its version, may begin here. Reads 24 bytes.
bool may_be_journal_group(bytes_view from, std::uint64_t salt);
/// not-ours, damaged or newer → error; says nothing of the payload.
result<journal_group_header> decode_journal_group_header(bytes_view from);

/// Writes the header with its checksum, which it returns. REQUIRES: journal_entry_header_bytes at `to`.
std::uint32_t encode_journal_entry_header(const journal_entry_header& header, std::byte* to);
result<journal_entry_header> decode_journal_entry_header(bytes_view from);

/// What data_checksum must be for these bytes.
std::uint32_t journal_data_checksum(journal_entry_kind kind, bytes_view data);
/// Whether an entry's bytes are whole: data_checksum, and for batches the batch's own CRC and length too.
bool journal_data_holds(const journal_entry_header& header, bytes_view data);

/// Walks the entries of one payload. Total: never reads outside, never trusts a length.
class journal_entry_cursor {
  public:
    explicit journal_entry_cursor(bytes_view payload) : rest_(payload) {}
    bool at_end() const { return rest_.empty(); }

    struct entry {
        journal_entry_header header;
        bytes_view data;
    };
    /// The next entry with its data checked, or log_errc::corrupt / truncated.
    result<entry> next();

  private:
    bytes_view rest_;
};

/// Whether the payload of a group is whole: count, checksums of entries and of their data.
result<> check_journal_payload(const journal_group_header& header, bytes_view payload);

}  // namespace logstore
