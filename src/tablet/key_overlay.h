// What is known of keys whose latest records are appended and not yet in the view.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "kv/stored_record.h"
#include "model/numbers.h"

namespace logstore {

/// The latest record of each key among the batches noted, so that a conditional write can be decided by all that is
/// in the log before it, without waiting for the disk. One shard.
class key_overlay {
  public:
    struct latest {
        offset at{-1};
        bool has_value = false;
        byte_vector stored;  ///< as kv/stored_record.h; empty without a value
    };

    /// The records of a batch that was appended at `base_offset`; in the order of appends.
    void note(bytes_view batch, offset base_offset);
    /// What lies below is in the view.
    void forget_below(next_offset applied);
    void clear();

    /// Null when no batch noted has the key.
    const latest* find(bytes_view key) const;
    std::size_t bytes() const { return bytes_; }
    bool is_empty() const { return keys_.empty(); }

  private:
    struct noted {
        offset at;
        std::string key;
    };
    static std::size_t cost_of(const noted& one, const latest& what) {
        return 2 * one.key.size() + what.stored.size() + sizeof(noted) + sizeof(latest) + 64;
    }

    std::unordered_map<std::string, latest> keys_;
    std::deque<noted> order_;
    std::size_t bytes_ = 0;
};

}  // namespace logstore
