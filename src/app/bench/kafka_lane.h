// Appends over the Kafka protocol.
#pragma once

#include <map>
#include <memory>

#include "app/bench/lane.h"
#include "app/bench/payload.h"
#include "env/environment.h"
#include "kafka/client/client_connection.h"
#include "kafka/protocol/record.h"
#include "model/topic_partition.h"

namespace logstore::app::bench {

/// Makes the requests of one run, one batch each, acks=all. One executor. Unmarked ones are made once for
/// each partition and sent again and again: a request then costs no memory and no work. Marked ones are made
/// each for itself, compressed ones compressed each for itself.
class kafka_requests {
  public:
    struct shape {
        std::string topic;
        compression_codec codec = compression_codec::none;
        /// The records are marked with this run.
        std::optional<std::uint32_t> marked_run;
    };
    /// `values` outlives it.
    kafka_requests(env::environment world, shape what, const payload& values);

    /// All frames carry this id: answers come in the order of the requests.
    static constexpr std::int32_t correlation_id = 0x6c6f6164;
    /// The whole request in the version that `over` speaks.
    result<env::shared_bytes> frame(const kafka::client_connection& over, const append_order& what);

    /// How many records of this size fit in a batch of `batch_bytes`; at least 1.
    static std::uint32_t records_in(std::size_t batch_bytes, std::uint32_t value_bytes);

  private:
    byte_vector plain_batch() const;
    bytes_view marked_batch(const append_order& what, std::uint32_t run);
    byte_vector compressed(const append_order& what, std::uint32_t run) const;
    result<env::shared_bytes> encode(const kafka::client_connection& over, partition_id to,
                                     bytes_view batch) const;

    env::environment world_;
    const shape shape_;
    const payload& values_;
    byte_vector batch_;
    /// Of the values in batch_.
    std::vector<std::size_t> value_positions_;
    /// By version and partition.
    std::map<std::pair<kafka::api_version, partition_id>, env::shared_bytes> frames_;
};

class kafka_lane final : public lane, private kafka::response_waiter {
  public:
    /// `requests` outlives it. REQUIRES: the broker speaks Produce.
    kafka_lane(std::unique_ptr<kafka::client_connection> connection, kafka_requests& requests);
    ~kafka_lane() override;

    std::expected<void, refusal> send(const append_order& what) override;
    void flush() override { connection_->flush(); }
    void listen(lane_listener& told) override { told_ = &told; }

  private:
    void on_response(result<kafka::received_frame> response) override;

    std::unique_ptr<kafka::client_connection> connection_;
    kafka_requests& requests_;
    kafka::api_version version_;
    lane_listener* told_ = nullptr;
};

/// What a failure of the client is called among the failures of a run.
refusal refusal_of(const error& why);

}  // namespace logstore::app::bench
