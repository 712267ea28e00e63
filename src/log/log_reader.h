// Reading record batches back, from memory and from segment files.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "env/stream.h"
#include "log/damaged_ranges.h"
#include "log/log_context.h"
#include "log/segment_view.h"

namespace logstore {

/// A batch's header and where it lies in its segment.
struct found_batch {
    record_batch_header header;
    std::uint64_t position = 0;
    std::uint64_t end() const { return position + header.size_bytes(); }
};

/// Reads of one shard. Stateless besides the shared caches: calls may overlap. Files are read off the shard's thread and only
/// where no direct write can meet them, small reads through the page cache and large ones past it; what is not yet in whole
/// blocks of the file comes from memory.
///
/// Bytes of files are not trusted: a batch is given out only when its CRC holds. Where one does not, the page cache is dropped
/// and the disk asked once more, for memory may be what is wrong; if it does not hold there either, the next whole batch is
/// looked for; offsets between are log_errc::corrupt, everything around them is read as ever (log_context::damage).
class log_reader {
  public:
    explicit log_reader(log_context& context) : context_(context) {}

    /// Bytes [position, position + into.size()) of a segment, limited by view.limit; answers how many.
    env::task<result<std::size_t>> read_at(segment_view view, std::uint64_t position, mutable_bytes into);

    /// The batch that holds `wanted`, or the first behind it; nothing when the segment ends before. By headers.
    env::task<result<std::optional<found_batch>>> find_batch(segment_view view, offset wanted);
    /// The batch that begins at `position`; nothing at the limit; damage there is corrupt.
    env::task<result<std::optional<found_batch>>> batch_at(segment_view view, std::uint64_t position);
    /// The largest timestamp of a segment; no_timestamp when it is empty.
    env::task<result<timestamp_ms>> max_timestamp(segment_view view);
    /// The first batch with a record at `wanted` or later, of those that can be read and reach up to `from`.
    env::task<result<std::optional<found_batch>>> find_timestamp(segment_view view, timestamp_ms wanted, offset from);
    /// The first of the batches with the largest timestamp, of those that can be read and reach up to `from`.
    env::task<result<std::optional<found_batch>>> find_latest(segment_view view, offset from);

    /// Reads of at least so much go past the page cache, and are read ahead of sequential readers.
    static constexpr std::size_t large_read_bytes = std::size_t(256) << 10;

    struct batches {
        std::vector<env::shared_bytes> pieces;
        std::size_t bytes = 0;
        /// Where the log goes on behind these bytes, when it is known without looking.
        std::optional<next_offset> next;
    };
    /// Whole batches from the one that holds `from` on, as read_batches; nothing when the segment ends before. `position` is
    /// where that batch begins, when known.
    struct run_of_batches {
        batches found;
        std::uint64_t end = 0;  ///< in the segment
    };
    env::task<result<std::optional<run_of_batches>>> read_from(segment_view view, offset from,
                                                               std::optional<std::uint64_t> position, std::size_t bytes_max,
                                                               bool at_least_one);
    /// Whole batches from `first` on, at most bytes_max bytes, but at least the first when `at_least_one`; up to damage.
    env::task<result<batches>> read_batches(segment_view view, found_batch first, std::size_t bytes_max, bool at_least_one);
    /// The bytes of one batch.
    env::task<result<byte_vector>> read_batch(segment_view view, found_batch batch);

    /// Reads all of a segment and checks every batch.
    env::task<result<std::vector<damaged_range>>> verify(segment_view view);

    /// The index of a segment: complete in memory, from its files, or rebuilt from the segment.
    env::task<result<std::shared_ptr<const offset_index>>> index_of(segment_view view);

  private:
    /// As read_from, of a file and much at a time. Nothing where that is not so, and where anything about the bytes is not as it
    /// should be: the other way then says what.
    env::task<std::optional<run_of_batches>> read_directly(segment_view view, offset from, std::uint64_t position,
                                                           std::size_t bytes_max);
    /// Bytes of a segment that one read has brought.
    struct window {
        byte_vector bytes;
        std::uint64_t start = 0;
        std::size_t bytes_max = 0;
    };

    env::task<result<offset_index>> rebuild_index(segment_view view);
    std::optional<found_batch> batch_in_memory(const segment_view& view, std::uint64_t position) const;
    /// The first batch that reaches `from` and has a record at `from_time` or later.
    struct target {
        offset from;
        timestamp_ms from_time{std::numeric_limits<std::int64_t>::min()};
        /// Else damage that may hold `from` is an error.
        bool passes_damage = false;
    };
    env::task<result<std::optional<found_batch>>> walk(segment_view view, std::uint64_t position, target wanted);
    /// What begins at `position`, when it looks like a batch that may lie there with offsets from `expected` on: of memory and
    /// of what `seen` holds; header_at reads it if need be.
    std::optional<found_batch> seen_at(const segment_view& view, std::uint64_t position, offset expected,
                                       const window& seen) const;
    env::task<result<std::optional<found_batch>>> header_at(segment_view view, std::uint64_t position, offset expected,
                                                            window* seen);
    env::task<result<bool>> is_whole(segment_view view, std::uint64_t position);
    /// Whether what seems to be damaged at `begin` is a whole batch once the page cache is dropped; false when it is known not
    /// to be.
    env::task<result<bool>> holds_on_disk(segment_view view, std::uint64_t begin);
    /// Where damage ends: the next whole batch, or the end of the segment, and the offset there.
    struct resumption {
        std::uint64_t position = 0;
        next_offset next;
    };
    /// When the header of the damaged batch tells, and what lies behind agrees: then nothing within its records is taken for a
    /// batch, which a producer may have put there.
    env::task<result<std::optional<resumption>>> end_by_header(segment_view view, std::uint64_t begin, offset expected);
    /// By looking for one at every byte; nothing when there is none.
    env::task<result<std::optional<resumption>>> next_whole(segment_view view, std::uint64_t from, offset expected);
    env::task<result<damaged_range>> measure_damage(segment_view view, std::uint64_t begin, offset expected);
    /// Moves behind damage.
    struct cursor {
        std::uint64_t position = 0;
        offset expected;
        std::optional<found_batch> before;
        window seen;

        void pass(const found_batch& batch);
        void pass(const damaged_range& range);
    };
    /// The batch at the cursor, or the damage there.
    struct step {
        std::optional<found_batch> batch;
        std::optional<damaged_range> damage;
    };
    env::task<result<step>> look(segment_view view, cursor* at);
    /// How many of the bytes that begin with `first` are whole batches; notes in `out` where the log goes on.
    static std::size_t whole_batches(const segment_view& view, const found_batch& first, bytes_view bytes, batches& out);
    batches slice_memory(const segment_view& view, found_batch first, std::size_t bytes_max, bool at_least_one) const;

    log_context& context_;
};

}  // namespace logstore
