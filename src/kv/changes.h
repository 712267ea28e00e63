// What the records of a piece of the log change in its key view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "kv/view_database.h"
#include "model/numbers.h"
#include "model/record_batch.h"

namespace logstore::kv {

/// The keyed records of some batches, in log order. Owns or shares what they view. Movable value.
class change_list {
  public:
    /// `batches` are whole batches back to back as they are stored (their CRCs are not looked at again), in
    /// `owner`; records below `from` are left out, and so are control batches and records without a key. Of a
    /// batch whose records cannot be read, or would be more than `decompressed_bytes_max`, nothing is taken: no
    /// consumer can read it either. Any thread; blocks for as long as it takes to decompress.
    static change_list read(bytes_view batches, std::shared_ptr<const void> owner, offset from,
                            std::size_t decompressed_bytes_max);

    /// Whether read() of so much costs little enough for a thread that must not be held up.
    static bool is_quick(bytes_view batches);

    std::span<const change> changes() const { return changes_; }
    /// The first offset behind the last batch; `from` when there was none.
    next_offset next() const { return next_; }
    std::uint64_t unreadable_batches() const { return unreadable_batches_; }

  private:
    bool read_batch(const record_batch_header& header, bytes_view records, offset from);

    std::vector<change> changes_;
    next_offset next_{0};
    std::uint64_t unreadable_batches_ = 0;
    std::vector<std::shared_ptr<const void>> owners_;
};

}  // namespace logstore::kv
