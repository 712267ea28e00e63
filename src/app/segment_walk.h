// Walks the record batches of a segment file, verifying each.
#pragma once

#include <optional>
#include <string>

#include "app/file_window.h"
#include "model/record_batch.h"

namespace logstore::app {

struct walked_batch {
    std::uint64_t position = 0;
    record_batch_header header;
    bool crc_holds = false;
    /// What is wrong with it; empty = it is whole and follows the one before.
    std::string damage;
};

/// How a walk ended.
struct walk_end {
    /// Where the batches end.
    std::uint64_t position = 0;
    /// Zeros behind them: room reserved, or the padding of the last block.
    std::uint64_t zero_bytes = 0;
    /// Bytes of a last batch whose end is not in the file. A segment that is not sealed is written in whole
    /// blocks: the rest is in the journal, or was never acknowledged.
    std::uint64_t unfinished_bytes = 0;
    /// Why nothing more can be read from `position` on; empty = the file was read to its end.
    std::string damage;
};

/// Total: whatever the bytes are, each step ends and takes no more memory than one window.
class segment_walk {
  public:
    /// `sealed` = the file has its exact length, so that an unfinished batch or trailing zeros are damage.
    /// `lowest` = the base offset in the file's name. The window outlives the walk.
    segment_walk(file_window* file, bool sealed, std::optional<offset> lowest)
        : file_(file), sealed_(sealed), expected_(lowest.value_or(offset(0))) {}

    /// The next batch; nothing at the end. The error is one of reading the file.
    env::task<result<std::optional<walked_batch>>> next();
    /// REQUIRES: next() gave nothing.
    const walk_end& end() const { return end_; }

  private:
    env::task<result<>> finish(std::string damage);
    env::task<result<bool>> is_unfinished(walked_batch batch);
    std::string judge(const walked_batch& batch) const;

    file_window* file_;
    bool sealed_;
    /// The lowest offset and epoch that the next batch may have.
    offset expected_;
    leader_epoch epoch_ = no_leader_epoch;
    std::uint64_t position_ = 0;
    bool ended_ = false;
    walk_end end_;
};

}  // namespace logstore::app
