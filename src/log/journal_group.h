// The group that collects while the one before it is being written.
#pragma once

#include "base/aligned_buffer.h"
#include "log/journal_format.h"

namespace logstore {

/// Entries laid out as they go to disk, in memory that O_DIRECT takes. One shard.
class journal_group {
  public:
    explicit journal_group(std::size_t capacity_bytes) : memory_(capacity_bytes) {}

    std::size_t capacity() const { return memory_.size(); }
    bool is_empty() const { return entry_count_ == 0; }
    /// Entries that are batches.
    std::uint32_t append_count() const { return append_count_; }
    std::size_t payload_bytes() const { return used_ - journal_group_header_bytes; }
    std::size_t size_on_disk() const { return round_up_to_block(used_); }
    /// The same with one more entry.
    std::size_t size_on_disk_with(std::size_t data_bytes) const {
        return round_up_to_block(used_ + journal_entry_header_bytes + data_bytes);
    }
    bool fits(std::size_t data_bytes) const { return used_ + journal_entry_header_bytes + data_bytes <= capacity(); }

    /// Room for one entry's data; end_entry must follow before anything else. REQUIRES: fits(data_bytes).
    mutable_bytes begin_entry(std::size_t data_bytes) {
        CHECK(fits(data_bytes));
        return {memory_.data() + used_ + journal_entry_header_bytes, data_bytes};
    }
    /// Closes the entry begun: its data are in place. Sets length and data_checksum.
    void end_entry(journal_entry_header header, std::size_t data_bytes);

    /// The whole blocks to write: header, entries, zero padding.
    bytes_view finish(journal_group_header& header);

    void clear();

  private:
    aligned_buffer memory_;
    std::size_t used_ = journal_group_header_bytes;
    std::uint32_t entry_count_ = 0;
    std::uint32_t append_count_ = 0;
    std::uint32_t entries_checksum_ = 0;
};

}  // namespace logstore
