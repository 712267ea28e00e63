// Administration of a cluster: topics, partitions, configs, records that are to go, sizes on disk.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kafka/client/cluster_view.h"
#include "kafka/client/topics.h"
#include "kafka/protocol/messages/describe_cluster.h"
#include "kafka/protocol/messages/describe_configs.h"
#include "kafka/protocol/messages/describe_log_dirs.h"

namespace logstore::kafka {

struct admin_options {
    /// No attempt is begun so long after the call.
    env::duration timeout = std::chrono::seconds(30);
    backoff between_attempts{std::chrono::milliseconds(100), std::chrono::seconds(1)};
};

struct new_partitions {
    std::string topic;
    /// How many there shall be, those that exist included.
    std::int32_t count = 0;
    /// The brokers of each new partition, in order; nothing = the cluster decides.
    std::optional<std::vector<std::vector<broker_id>>> assignments;
    bool validate_only = false;
};

struct config_question {
    config_resource_type type = config_resource_type::topic;
    /// A topic, or a broker's number.
    std::string name;
    /// None = all.
    std::vector<std::string> keys;
    bool with_synonyms = true;
    bool with_documentation = false;
};

/// Where a leader epoch ends in a log.
struct found_epoch_end {
    /// The largest epoch of the log that is not above the one asked for; none when there is none.
    leader_epoch epoch = no_leader_epoch;
    /// -1 when not known.
    next_offset end{-1};
};

/// What became of each partition that was asked about, once each.
template <class Value>
using by_partition = std::map<partition_id, result<Value>>;

/// Calls of one executor; they may overlap. Each asks the broker that Kafka's clients ask (the controller, a
/// partition's leader, the broker it is about), and tries again by Kafka's rules until the time is over: when
/// the broker says that another is responsible or that it cannot now, and when there is no answer. So a
/// change whose answer was lost is made again, and may then be refused (topic_already_exists,
/// unknown_topic_or_partition, invalid_partitions) because the first one was made. No such topic, and an
/// outcome that the broker does not know (request_timed_out), are answers.
///
/// Errors: errc.h, and broker_error.h for what brokers refuse.
class admin {
  public:
    /// `cluster` outlives the calls. Closing it ends them.
    explicit admin(cluster_view& cluster, admin_options options = {})
        : cluster_(cluster), options_(options) {}

    /// The brokers, and the topics of these names (none = all); a topic that is not there has its own error.
    env::task<result<metadata_response>> describe_topics(std::optional<std::vector<std::string>> names);
    env::task<result<created_topic>> create_topic(new_topic wanted);
    env::task<result<>> delete_topic(std::string name);
    env::task<result<>> create_partitions(new_partitions wanted);
    env::task<result<std::vector<describe_configs_response::config>>> describe_configs(config_question asked);
    env::task<result<describe_cluster_response>> describe_cluster(bool with_authorized_operations = false);
    /// The folders of one broker, with the partitions in them: of these topics (none = all).
    env::task<result<std::vector<describe_log_dirs_response::folder>>> describe_log_dirs(
        broker_id of, std::optional<std::map<std::string, std::vector<partition_id>>> topics);
    /// Deletes the records of a topic below an offset, or up to the high watermark
    /// (delete_records_request::high_watermark); says where each log begins afterwards.
    env::task<result<by_partition<offset>>> delete_records(std::string topic,
                                                           std::map<partition_id, offset> up_to);
    /// Where an epoch ends in the log of each leader.
    env::task<result<by_partition<found_epoch_end>>> ends_of_epoch(std::string topic,
                                                                   std::vector<partition_id> partitions,
                                                                   leader_epoch epoch);

  private:
    template <class Attempt>
    env::task<typename Attempt::outcome> retried(Attempt attempt);

    cluster_view& cluster_;
    const admin_options options_;
};

}  // namespace logstore::kafka
