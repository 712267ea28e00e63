// The topics of a fake broker: enough of one for administration and for appending and reading records.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kafka/client/testing/fake_broker.h"
#include "kafka/protocol/messages/create_topics.h"
#include "kafka/protocol/messages/delete_topics.h"
#include "kafka/protocol/messages/fetch.h"
#include "kafka/protocol/messages/list_offsets.h"
#include "kafka/protocol/messages/metadata.h"
#include "kafka/protocol/messages/produce.h"

namespace logstore::kafka::testing {

/// Answers Metadata, CreateTopics, DeleteTopics, Produce, Fetch and ListOffsets of `broker` from memory. The
/// test may change everything here between requests. `broker` outlives it.
class memory_topics {
  public:
    struct partition {
        byte_vector log;
        std::int64_t next_offset = 0;
        /// Below it there is nothing: what a fetch from there is refused with.
        std::int64_t log_start = 0;
        /// Answered to Produce instead of appending, once each; none = append.
        std::vector<error_code> produce_errors;
        /// Answered to Produce after appending, once each; none = the truth.
        std::vector<error_code> late_produce_errors;
        /// Answered to Fetch, once each; none = the truth.
        std::vector<error_code> fetch_errors;
        /// A larger batch is refused.
        std::size_t batch_bytes_max = std::size_t(1) << 30;
        /// As metadata tells it.
        broker_id leader{1};
    };
    struct topic {
        topic_id id;
        std::vector<partition> partitions;
        std::map<std::string, std::string> configs;
    };

    explicit memory_topics(fake_broker& broker);

    topic& add(const std::string& name, std::int32_t partition_count);

    std::map<std::string, topic> topics;
    std::int32_t default_partition_count = 3;
    /// Named in metadata beside this one, which is 1.
    std::vector<metadata_response::broker> other_brokers;
    /// Answered to CreateTopics and DeleteTopics when set.
    error_code administration_error = error_code::none;
    std::size_t metadata_requests = 0;
    std::size_t produce_requests = 0;
    /// Of one partition in an answer to Fetch.
    std::size_t fetch_bytes_max = std::size_t(1) << 20;

  private:
    void serve(fake_broker::session& on, const request_frame& request);
    metadata_response metadata(const metadata_request& request);
    create_topics_response create(const create_topics_request& request);
    delete_topics_response remove(const delete_topics_request& request, api_version version);
    produce_response produce(const produce_request& request);
    produce_response::partition append(const std::string& topic, const produce_request::partition& asked);
    fetch_response fetch(const fetch_request& request);
    void read(fetch_response::partition& got, std::string_view topic, const fetch_request::partition& asked);
    void serve_fetch(fake_broker::session& on, const request_frame& request);
    void serve_produce(fake_broker::session& on, const request_frame& request);
    list_offsets_response list_offsets(const list_offsets_request& request);
    partition* find(std::string_view topic, partition_id index);

    fake_broker& broker_;
    std::uint64_t ids_made_ = 0;
};

}  // namespace logstore::kafka::testing
