// The blocking half of a key view: one RocksDB database, and nothing of executors or coroutines.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "kv/errc.h"
#include "kv/stored_record.h"
#include "kv/view_resources.h"
#include "kv/view_state.h"

namespace rocksdb {
class DB;
class PinnableSlice;
class Slice;
class WriteBatch;
}  // namespace rocksdb

namespace logstore::kv {

/// Whether a call may wait for the disk. Where it may not it fails with would_block and does nothing.
enum class waiting : bool { forbidden, allowed };

/// A record that changes the view: the value becomes the key's, or none does.
struct change {
    bytes_view key;
    bool is_removal = false;
    stored_record record;
};

/// What was there just before a change, in log order.
struct previous_record {
    bool had_value = false;
    offset at{-1};
    /// As stored (stored_record.h); only where it was asked for.
    byte_vector stored;
};

/// The latest record of every key of one tablet, up to an offset. Not durable by itself: the log is its
/// write-ahead log. What applied() says after an open is what the database holds, whatever happened.
///
/// apply, sweep, set_partition_count and flush change it: one at a time, from any thread. Reads may run beside
/// them, in several threads at once, and see each apply whole or not at all.
class view_database {
  public:
    /// Opens what lies in `directory` (its parent must be there), or begins an empty view at `log_start`. What is
    /// no view of this tablet, is damaged, or begins behind `log_start` or ends behind `log_end`, is deleted, and a
    /// new one begins. Nothing is read through what the page cache kept of it.
    static result<std::unique_ptr<view_database>> open(std::string directory, const view_resources& resources,
                                                       tablet_id tablet, std::int32_t partition_count,
                                                       offset log_start, next_offset log_end);
    /// Deletes a view that is not open. Harmless when there is none.
    static result<> remove(const std::string& directory, const view_resources& resources);
    ~view_database();

    const view_state& state() const { return state_; }
    next_offset applied() const { return state_.applied; }
    /// What a crash leaves of applied(). Waits for nothing but memory.
    result<next_offset> flushed() const;

    struct apply_options {
        waiting may_wait = waiting::allowed;
        /// Records below are gone from the log: their keys have no value.
        offset log_start{0};
        /// Where each change's previous record goes, as many as there are changes; or none.
        std::span<previous_record> previous{};
        bool with_previous_bytes = false;
    };
    /// Applies the changes of all records from applied() up to `next`, in log order: all or none.
    result<> apply(std::span<const change> changes, next_offset next, const apply_options& how);

    /// Takes away keys whose record lies below `log_start`, a bounded piece of the work. True when it is done.
    result<bool> sweep(offset log_start);

    /// From here on the topic has so many partitions: keys that lie where they should with the old number need not.
    result<> set_partition_count(std::int32_t count);

    /// All that is applied is on stable storage when this completes.
    result<> flush();

    /// The latest record of `key` that lies at `log_start` or above, as stored; nothing when there is none.
    result<std::optional<byte_vector>> get(bytes_view key, offset log_start, waiting may_wait) const;

    struct range {
        bytes_view prefix;
        bytes_view from;
        bool is_from_included = true;
        bytes_view to;
    };
    /// Visits keys with a value in the order of their bytes until `visit` answers false.
    result<> scan(const range& keys, offset log_start,
                  const std::function<bool(bytes_view key, const stored_record&)>& visit) const;

    std::uint64_t disk_bytes() const;

  private:
    view_database(std::string directory, std::unique_ptr<rocksdb::DB> db, view_state state);
    static result<std::unique_ptr<view_database>> try_open(const std::string& directory, const view_resources& resources,
                                                           const view_state& fresh);
    bool serves(const view_state& fresh, next_offset log_end) const;
    result<> write(rocksdb::WriteBatch& batch, const view_state& after, waiting may_wait);
    /// Whether the key is in the database, whatever its offset.
    result<bool> find(const rocksdb::Slice& key, rocksdb::PinnableSlice* stored, waiting may_wait) const;

    const std::string directory_;
    std::unique_ptr<rocksdb::DB> db_;
    view_state state_;
    // The pass over all keys that is under way: where its next piece begins, and the log start that it is for.
    byte_vector sweep_from_;
    offset sweep_to_{0};
};

}  // namespace logstore::kv
