// One Produce request on its way: from its frame to its answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "kafka/protocol/header.h"
#include "kafka/protocol/messages/produce.h"
#include "kafka/server/frame_reader.h"
#include "kafka/server/serving.h"
#include "shard/broker.h"

namespace logstore::kafka {

class produce_slot;

/// Told, from the loop, when the last append of a slot is done.
class produce_owner {
  public:
    virtual ~produce_owner() = default;
    virtual void on_produced(produce_slot& slot) = 0;
};

/// Holds a Produce request while its batches are appended, and then its answer. Reused for one request after
/// another (produce_slots.h); with one topic and one partition nothing is allocated from start() to answer().
///
/// From start() until is_done() the slot must live and stay where it is. One shard.
class produce_slot {
  public:
    produce_slot() = default;
    produce_slot(const produce_slot&) = delete;
    produce_slot& operator=(const produce_slot&) = delete;

    /// Takes the request that `frames` has at hand and gives what is right in it to the broker, in order,
    /// before it returns. Fails when the request cannot be understood; nothing is appended then. REQUIRES: a
    /// fresh or reset() slot.
    result<> start(const serving& with, const request_frame& request, frame_reader& frames,
                   produce_owner& owner);
    /// Ready for the next request. REQUIRES: is_done().
    void reset();

    /// Of the answer and the appends of the request at hand, besides its frame.
    std::size_t memory_bytes() const { return memory_bytes_; }
    bool is_done() const { return appends_under_way_ == 0; }
    /// acks=0.
    bool wants_no_answer() const { return acks_ == 0; }
    /// The connection must be closed in the place of this answer: an outcome is not known, or a request that
    /// wants no answer failed. REQUIRES: is_done().
    bool demands_close() const { return outcome_unknown_ || (wants_no_answer() && has_error_); }
    bool is_outcome_unknown() const { return outcome_unknown_; }
    /// Appends the frame of the answer. REQUIRES: is_done(), an answer is wanted, and no close demanded.
    void answer(byte_vector& out) const;

    /// For the connection: its queue, when the request was understood, and the bytes that this request holds of its budgets.
    produce_slot* next = nullptr;
    env::monotonic_time begun{};
    std::size_t held_bytes = 0;

  private:
    /// One batch in its tablet's hands.
    class partition_append final : public append_call {
      public:
        void on_appended() override { slot->finish(*this); }
        produce_slot* slot = nullptr;
        produce_response::partition* answer = nullptr;
    };

    void lay_out_answer(const produce_request& request);
    void refuse_all(error_code code, const char* message);
    void refuse(produce_response::partition& answer, error_code code, const char* message);
    void append_all(const serving& with, const produce_request& request, frame_reader& frames);
    void append(const serving& with, const cluster::topic& to, bytes_view batch, frame_reader& frames,
                produce_response::partition& answer);
    partition_append& unused_append();
    void finish(partition_append& done);

    api_version version_;
    std::int32_t correlation_id_ = 0;
    std::int16_t acks_ = 0;
    bool outcome_unknown_ = false;
    bool has_error_ = false;
    std::uint32_t appends_under_way_ = 0;
    produce_owner* owner_ = nullptr;
    server_metrics* metrics_ = nullptr;

    produce_response response_;
    /// The names that response_ has views of.
    std::string names_;
    partition_append first_;
    /// For the second and further batches.
    std::unique_ptr<partition_append[]> more_;
    std::size_t batch_count_max_ = 0;
    std::size_t appends_used_ = 0;
    std::size_t memory_bytes_ = 0;
    /// The frame, once a batch of it had to be kept for another shard; and the frame it was at first.
    std::shared_ptr<const void> frame_owner_;
    bytes_view frame_;
    bytes_view kept_frame_;
};

}  // namespace logstore::kafka
