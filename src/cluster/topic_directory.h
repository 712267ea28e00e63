// The broker's view of the topics: making, changing and deleting them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/metadata_store.h"
#include "cluster/topic.h"
#include "cluster/topic_image.h"
#include "cluster/topic_image_feed.h"
#include "env/executor.h"
#include "env/gate.h"
#include "env/random.h"
#include "env/task.h"

namespace logstore::cluster {

struct topic_limits {
    std::int32_t partitions_per_topic_max = 10'000;
    /// Of all topics together.
    std::int64_t partitions_max = 20'000;
    std::size_t topics_max = 20'000;
    /// Deleted topics whose directories are not gone: with more, no topic is made.
    std::size_t deleted_topics_max = 100'000;
    topic_config_limits configs;
};

struct topic_directory_options {
    topic_limits limits;
    /// What a topic has where its own configs do not say.
    topic_settings defaults;
    /// Partitions of a topic whose creator does not say how many.
    std::int32_t partitions_default = 1;
};

struct new_topic {
    std::string name;
    std::optional<std::int32_t> partition_count;
    topic_configs configs;
    /// Only say whether it could be made.
    bool validate_only = false;
};

/// A new value for a topic's config, or none to fall back on the broker's default.
struct config_change {
    std::string name;
    std::optional<std::string> value;
};

/// The topics of one metadata store. Belongs to one executor; calls may overlap. Each change is one
/// compare-and-set transaction, so several directories may share a store; what overlaps is decided there.
/// When a change is answered with success it is durable, the image shows it and the observers were called.
///
/// Errors are those of errc for topics, and what the store answered. unknown_outcome means what it says. A
/// topic that a call returns is as the call left it.
class topic_directory {
  public:
    /// Reads all topics. The store, the executor and the randomness outlive the directory.
    static env::task<result<std::unique_ptr<topic_directory>>> open(metadata_store* store,
                                                                    env::executor* home,
                                                                    env::random_source* random,
                                                                    topic_directory_options options);

    std::shared_ptr<const topic_image> image() const { return feed_.image(); }
    /// Calls `observer` with every later image, on this executor: to hand it to the shards.
    std::unique_ptr<topic_subscription> subscribe(topic_observer observer) {
        return feed_.subscribe(std::move(observer));
    }

    /// With validate_only the topic returned has no id.
    env::task<result<topic>> create_topic(new_topic wanted);
    /// In one transaction the topic goes and is remembered as deleted, until forget_deleted().
    env::task<result<deleted_topic>> delete_topic(std::string name);
    env::task<result<deleted_topic>> delete_topic(topic_id id);
    /// The directories of a deleted topic are gone. No error when it was forgotten before. The image shows it
    /// soon after.
    env::task<result<>> forget_deleted(topic_id id);

    /// Changes some configs and leaves the others.
    env::task<result<topic>> alter_configs(std::string name, std::vector<config_change> changes,
                                           bool validate_only);
    /// Gives the topic these configs and no others.
    env::task<result<topic>> replace_configs(std::string name, topic_configs configs, bool validate_only);
    /// More partitions than there are: invalid_partition_count otherwise.
    env::task<result<topic>> add_partitions(std::string name, std::int32_t partition_count,
                                            bool validate_only);

    /// Completes what is under way; later calls answer errc::closed. Once, before the directory is destroyed.
    env::task<void> stop();

  private:
    class reservation;
    using topic_edit = std::function<result<>(topic&)>;

    topic_directory(metadata_store& store, env::executor& home, env::random_source& random,
                    topic_directory_options options);

    /// The configs as they are stored.
    result<topic_configs> check_new(const new_topic& wanted, std::int32_t partition_count) const;
    result<> check_room(std::size_t more_topics, std::int64_t more_partitions) const;
    std::unexpected<error> name_taken(const std::string& name, const topic& by) const;
    env::task<result<topic>> why_not_created(std::string name);
    /// The topic of this name as the store has it now.
    env::task<result<topic>> read_topic(std::string name);
    /// Applies `edit` to the topic's latest state until no other change comes in between.
    env::task<result<topic>> change_topic(std::string name, topic_edit edit, bool validate_only);
    env::task<result<topic>> write_topic(topic before, topic after);
    env::task<result<deleted_topic>> delete_topic(topic_ptr known);

    metadata_store& store_;
    env::random_source& random_;
    const topic_directory_options options_;
    topic_image_feed feed_;
    env::gate calls_;
    // What transactions under way will add, so that many at once do not exceed the limits.
    std::size_t reserved_topics_ = 0;
    std::int64_t reserved_partitions_ = 0;
};

}  // namespace logstore::cluster
