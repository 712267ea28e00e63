// The record batch of one write by key, as it is decided.
#pragma once

#include <vector>

#include "base/result.h"
#include "kafka/protocol/record.h"
#include "tablet/key_view.h"
#include "tablet/keys.h"

namespace logstore {

/// Which of a request's writes happen, and what they are answered. Lives through one write, on the tablet's shard.
class key_batch {
  public:
    explicit key_batch(const key_write_request& request);

    bool is_too_large() const;
    /// Something must be looked up before the append: a condition, or a delete, which appends nothing where there is
    /// nothing to delete.
    bool has_conditions() const { return has_conditions_; }
    /// Decides every write by what is in the log now. would_block: undecided_key() has to be asked for. REQUIRES:
    /// view.is_deciding().
    result<> decide(const key_view& view);
    const byte_vector& undecided_key() const { return request_.writes[undecided_].key; }
    /// What the disk said of undecided_key(), in that generation of the view.
    void note_asked(key_view::stored_bytes found, std::uint64_t generation);
    /// No write happens.
    bool is_empty() const { return written_ == 0; }
    /// What the decisions were made by is durable when all below this is.
    next_offset seen_up_to() const { return seen_up_to_; }
    byte_vector finish(timestamp_ms now) const;
    /// The batch was appended at `base_offset`: where its end is. What was there before is asked for where it was not
    /// decided by.
    next_offset expect(key_view& view, offset base_offset);
    void forget(key_view& view);
    key_write_outcome outcome() &&;

  private:
    struct known {
        bool has_value = false;
        offset at{-1};
        byte_vector stored;
    };
    result<known> latest(const key_view& view, std::size_t index);
    bool holds(const key_write& write, const known& now) const;

    const key_write_request& request_;
    bool has_conditions_ = false;
    bool is_decided_ = false;
    std::size_t undecided_ = 0;
    std::size_t written_ = 0;
    next_offset seen_up_to_{0};
    std::vector<key_write_result> results_;
    std::vector<kv::previous_record> previous_;
    /// Of each write, where it was asked.
    std::vector<std::optional<key_view::stored_bytes>> asked_;
    std::uint64_t asked_generation_ = 0;
    /// The earlier write of this request to the same key that happens, or none.
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::size_t earlier_write(std::size_t index) const;
};

}  // namespace logstore
