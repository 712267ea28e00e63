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
        /// Answered to Produce instead of appending, once each.
        std::vector<error_code> produce_errors;
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
    /// Answered to CreateTopics and DeleteTopics when set.
    error_code administration_error = error_code::none;

  private:
    void serve(fake_broker::session& on, const request_frame& request);
    metadata_response metadata(const metadata_request& request);
    create_topics_response create(const create_topics_request& request);
    delete_topics_response remove(const delete_topics_request& request, api_version version);
    produce_response produce(const produce_request& request);
    produce_response::partition append(const std::string& topic, const produce_request::partition& asked);
    fetch_response fetch(const fetch_request& request);
    list_offsets_response list_offsets(const list_offsets_request& request);
    partition* find(std::string_view topic, partition_id index);

    fake_broker& broker_;
    std::uint64_t ids_made_ = 0;
};

}  // namespace logstore::kafka::testing
