// One request that appends, on its way: from its records to its answer.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "http/answer.h"
#include "http/body_reader.h"
#include "http/serving.h"

namespace logstore::http {

class append_slot;

/// Told, from the loop, when the last append of a slot is done.
class append_owner {
  public:
    virtual ~append_owner() = default;
    virtual void on_appended(append_slot& slot) = 0;
};

/// Holds the appends of one request, one batch for each partition, and then its answer. Used once. From
/// start() until is_done() the slot must live and stay where it is. One shard.
class append_slot {
  public:
    append_slot() = default;
    append_slot(const append_slot&) = delete;
    append_slot& operator=(const append_slot&) = delete;

    /// Makes batches of `records` and gives them to the broker, in order, before it returns. When it fails,
    /// nothing is appended. With `is_list`, the answer is one.
    api_result<> start(const serving& with, const cluster::topic& to, const posted_records& records,
                       bool is_list, append_owner& owner);

    bool is_done() const { return under_way_ == 0; }
    /// The connection must be closed in the place of the answer. REQUIRES: is_done().
    bool is_outcome_unknown() const { return outcome_unknown_; }
    /// REQUIRES: is_done(), and the outcome is known.
    answer make_answer() const;

    /// For the connection: its queue, when the request was there, how the answer is to be sent, and the bytes
    /// that this request holds of the budget.
    std::unique_ptr<append_slot> next;
    sending how;
    std::string allowed_origin;
    route where = route::append;
    env::monotonic_time begun{};
    std::size_t held_bytes = 0;

  private:
    /// One batch.
    class part final : public append_call {
      public:
        void on_appended() override { slot->finish(*this); }
        append_slot* slot = nullptr;
        kafka::record_batch_builder builder;
    };
    /// Where a record went.
    struct record_place {
        std::uint32_t part = 0;
        std::int32_t delta = 0;
    };

    api_result<> sort_into_parts(const serving& with, const cluster::topic& to,
                                 const posted_records& records);
    std::uint32_t part_of(partition_id partition);
    void append_all(const serving& with);
    void finish(part& done);
    const part& at(std::uint32_t index) const { return index == 0 ? first_ : more_[index - 1]; }
    part& at(std::uint32_t index) { return index == 0 ? first_ : more_[index - 1]; }
    std::uint32_t part_count() const { return static_cast<std::uint32_t>(has_first_ ? 1 + more_.size() : 0); }
    bool has_failed(std::uint32_t index) const { return at(index).outcome.code != tablet_errc::ok; }
    answer list_answer() const;

    std::string topic_;
    bool is_list_ = false;
    bool outcome_unknown_ = false;
    bool has_first_ = false;
    std::uint32_t under_way_ = 0;
    append_owner* owner_ = nullptr;
    part first_;
    std::deque<part> more_;
    std::vector<record_place> places_;
};

}  // namespace logstore::http
