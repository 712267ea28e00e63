// Appending records to topics: batches, a window of requests, retries.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "env/gate.h"
#include "env/wake_up.h"
#include "kafka/client/cluster_view.h"
#include "kafka/client/produce_batch.h"
#include "kafka/client/records.h"
#include "kafka/protocol/messages/produce.h"

namespace logstore::kafka {

struct producer_options {
    required_acks acks = required_acks::all;
    compression_codec codec = compression_codec::none;
    /// A batch is sent when its records, uncompressed, have grown to this.
    std::size_t batch_bytes = 256 * 1024;
    /// Of the batches that go in one request; a larger batch goes alone.
    std::size_t request_bytes_max = std::size_t(1) << 20;
    /// A larger record is refused: key, value and headers, and some bytes for each of them.
    std::size_t record_bytes_max = std::size_t(1) << 20;
    /// Of all batches that are not settled. append() waits beyond.
    std::size_t buffer_bytes_max = std::size_t(32) << 20;
    /// Requests under way on one connection.
    std::size_t in_flight_max = 5;
    /// How long a batch waits for more records.
    env::duration linger = std::chrono::milliseconds(5);
    /// From the first record of a batch to its outcome; a request under way is waited for beyond.
    env::duration delivery_timeout = std::chrono::minutes(2);
    /// Between attempts to send a batch, and between questions for a leader.
    backoff retry{std::chrono::milliseconds(100), std::chrono::seconds(1)};
    /// Whether a batch that may have been stored (a connection that broke, an answer that did not come) is
    /// sent again: then no record is lost and some may be there twice. Else it is given up as `unknown`.
    bool at_least_once = true;
};

/// What became of a batch.
enum class delivery_outcome {
    acknowledged,  ///< stored as `acks` says
    sent,          ///< acks=none: handed to the connection, and nothing more is known
    failed,        ///< not stored
    unknown,       ///< it may be stored
};

/// Records of one batch of one partition, in the order in which they were appended.
struct delivery {
    const topic_partition& to;
    /// As in record_ticket.
    std::uint64_t batch = 0;
    /// Of the first of them within the batch: 0 but where a batch had to be split.
    std::int32_t first_index = 0;
    std::int32_t record_count = 0;
    delivery_outcome outcome{};
    /// Of the first of them; -1 unless acknowledged.
    offset base_offset{-1};
    /// An earlier attempt may have stored them too.
    bool may_be_doubled = false;
    /// Why they failed, or their outcome is unknown; null otherwise.
    const error* why = nullptr;
};

/// Told what became of every batch, from the loop. Must not destroy the producer from inside.
class delivery_listener {
  public:
    virtual ~delivery_listener() = default;
    virtual void on_delivery(const delivery& what) = 0;
};

struct producer_counters {
    std::uint64_t appended = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t sent = 0;
    std::uint64_t failed = 0;
    std::uint64_t unknown = 0;
    /// Of the acknowledged ones: those that an earlier attempt may have stored too.
    std::uint64_t may_be_doubled = 0;
    /// Batches sent again.
    std::uint64_t retries = 0;
    /// Of keys, values and headers.
    std::uint64_t bytes = 0;
    std::uint64_t requests = 0;

    std::uint64_t settled() const { return acknowledged + sent + failed + unknown; }
};

/// Which record of a producer this is: delivery names batch and index.
struct record_ticket {
    std::uint64_t batch = 0;
    std::int32_t index = 0;
};

struct new_record {
    std::optional<bytes_view> key;
    std::optional<bytes_view> value;
    std::span<const record_header> headers;
    timestamp_ms timestamp;
    /// Nothing = by the key's hash as Kafka's Java client has it; without a key one partition after the
    /// other, a batch each.
    std::optional<partition_id> partition;
};

/// One executor. Records of one partition are stored in the order of their appends, over retries too: one
/// batch of a partition is under way at a time, the others wait behind it. A batch goes with others of its
/// broker in one request; options.in_flight_max requests are under way on a connection. Each record is
/// settled exactly once. Memory: options.buffer_bytes_max, and a copy of what is under way.
class producer {
  public:
    /// A topic to append to. Lives as long as the producer.
    class topic;

    /// All outlive the producer; `told` may be null.
    producer(cluster_view& cluster, producer_options options, delivery_listener* told);
    /// REQUIRES: close() has completed.
    ~producer();
    producer(const producer&) = delete;
    producer& operator=(const producer&) = delete;

    /// Completes when the topic's partitions are known. Tries again until `give_up_at`; a topic that is not
    /// there is no reason to.
    env::task<result<topic*>> open(std::string name, env::monotonic_time give_up_at);

    /// Copies the record into a batch; nothing when there is no room, see room(). Fails when the record is
    /// too large or the topic has no such partition, and after abort().
    result<std::optional<record_ticket>> try_append(topic& to, const new_record& record);
    /// Completes when a try_append may succeed that found no room before.
    env::task<void> room();
    /// try_append, waiting for room; what the record views stays valid until then.
    env::task<result<record_ticket>> append(topic* to, new_record record);

    /// Completes when every record appended before is settled; batches are sent at once. With acks=none: when
    /// the brokers have taken what was sent, or fails.
    env::task<result<>> flush();
    /// Settles what is not under way as failed and takes no more records.
    void abort(const error& why);
    /// flush(), and the end. What is under way after abort() is waited for.
    env::task<result<>> close();

    const producer_counters& counters() const { return counters_; }
    const producer_options& options() const { return options_; }
    std::size_t buffered_bytes() const { return buffered_bytes_; }
    /// What keeps batches from being sent at the moment; nothing when all is well.
    const std::optional<error>& trouble() const { return trouble_; }

  private:
    struct partition_queue;
    struct request_in_flight;
    /// A request that is being put together.
    struct draft {
        std::vector<partition_queue*> queues;
        std::size_t bytes = 0;
    };

    /// Null when the topic has no such partition.
    partition_queue* queue_for(topic& to, const new_record& record, std::size_t size);
    /// The batch that takes the next record of this size.
    produce_batch& batch_for(partition_queue& queue, std::size_t size);
    void grow(topic& to, std::size_t count);

    env::task<void> run();
    /// Does what can be done now; the time at which there is more to do.
    std::optional<env::monotonic_time> step();
    void look_at(partition_queue& queue, env::monotonic_time now);
    bool is_due(const partition_queue& queue, env::monotonic_time now);
    void expire(partition_queue& queue, env::monotonic_time now);
    void wake_at(env::monotonic_time when);
    void consider_metadata(env::monotonic_time now);
    void send_all();
    void send_ready(broker_id to, const std::vector<partition_queue*>& queues);
    std::size_t window_left(broker_id to, const client_connection& connection);
    void send(broker_id to, const std::shared_ptr<client_connection>& connection, const draft& what);
    result<> encode(byte_vector& frame, const client_connection& connection, std::int32_t id,
                    const draft& what) const;
    void sent_unanswered(const std::shared_ptr<client_connection>& connection, const draft& what);

    env::task<void> connect(broker_id to);
    env::task<void> refresh_metadata(std::string name);
    void could_not_reach(broker_id who, const error& why);
    env::task<result<>> confirm_sent();

    void on_answer(const request_in_flight& request, const result<received_frame>& response);
    /// Settles what the answer is about; those it says nothing of stay in flight.
    result<> read_answer(const request_in_flight& request, bytes_view frame);
    void batch_answered(partition_queue& queue, const produce_response::partition& answer);
    void attempt_failed(partition_queue& queue, const error& why);
    bool split(partition_queue& queue);
    /// Tells and forgets the batch at `position`.
    void settle(partition_queue& queue, std::size_t position, delivery_outcome outcome, offset base_offset,
                const error* why);

    env::environment world_;
    cluster_view& cluster_;
    const producer_options options_;
    delivery_listener* const told_;
    producer_counters counters_;
    std::map<std::string, std::unique_ptr<topic>, std::less<>> topics_;
    /// Those that hold batches.
    std::vector<partition_queue*> active_;
    std::map<broker_id, std::vector<partition_queue*>> ready_;
    std::vector<std::unique_ptr<request_in_flight>> in_flight_;
    /// With acks=none: those that were sent something since the last flush.
    std::vector<std::shared_ptr<client_connection>> unconfirmed_;
    std::size_t turn_ = 0;
    std::set<broker_id> connecting_;
    std::uint64_t next_batch_ = 1;
    std::size_t buffered_bytes_ = 0;
    /// In all queues.
    std::size_t batches_ = 0;
    std::size_t flushing_ = 0;
    std::optional<error> aborted_;
    bool closing_ = false;
    std::optional<error> trouble_;
    /// A topic whose leaders should be asked for; empty = none.
    std::string stale_topic_;
    bool is_refreshing_ = false;
    std::uint32_t refreshes_failed_ = 0;
    env::monotonic_time next_refresh_at_;
    std::optional<env::monotonic_time> next_step_at_;
    env::wake_up wake_;
    /// Somebody waits for room, or for everything to be settled.
    env::change_signal settled_;
    env::gate inside_;
};

}  // namespace logstore::kafka
