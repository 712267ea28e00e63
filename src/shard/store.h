// A whole store of one process: its data directory, metadata and shards.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/embedded_metadata_store.h"
#include "cluster/store_identity.h"
#include "cluster/topic_directory.h"
#include "env/turn.h"
#include "shard/recovery.h"
#include "shard/shard.h"

namespace logstore {

struct store_options {
    std::string data_dir;
    /// Of every shard; the folders and the boot number are filled in. Journal files are made smaller where all journals would
    /// take too much of the disk, and at least as much as they take is kept free, whatever reserve_bytes says.
    shard_options shard;
    cluster::topic_directory_options topics;
    /// Replay over a damaged journal and write damaged segments anew, losing what is damaged. Reads all segments.
    bool accept_loss = false;
};

/// Opens a data directory, recovers what the last run left, and runs the shards. Belongs to executor 0, but for the functions
/// that say otherwise. One process per data directory.
class store {
  public:
    /// Everything is recovered and durable, and all shards take appends, when this completes. `worlds` are the executors, the
    /// first of which is the caller's. Errors name the data directory and what to do. `on_fatal` may be called on any shard.
    static env::task<result<std::unique_ptr<store>>> open(std::vector<env::environment> worlds, store_options options,
                                                          std::function<void(error)> on_fatal);
    /// Why open() would refuse the journals of an existing store, and what of its segments cannot be read, a sentence each.
    /// Reads all segments, says from time to time how far it is, changes nothing;
    /// log_errc::in_use while a process serves it.
    static env::task<result<std::vector<std::string>>> find_damage(env::environment world, std::string data_dir);
    ~store();

    std::uint32_t shard_count() const { return static_cast<std::uint32_t>(shards_.size()); }
    shard& at(std::uint32_t index) { return *shards_.at(index).owner; }
    const std::string& cluster_id() const { return identity_.cluster_id; }
    boot_number boot() const { return identity_.boot; }
    /// Holds the tablets. On any thread, as the next one.
    const std::string& log_folder() const { return options_.shard.logs_folder; }
    /// What a topic has where its own configs do not say.
    const cluster::topic_settings& topic_defaults() const { return options_.topics.defaults; }
    const recovered_store& recovered() const { return recovered_; }

    /// The topics as this shard knows them. On that shard's thread.
    const std::shared_ptr<const cluster::topic_image>& topics(shard_id asking) const { return shards_.at(asking.value()).image; }
    /// From any shard; every shard knows the topic when it completes.
    env::task<result<cluster::topic>> create_topic(shard* asking, cluster::new_topic wanted);
    /// From any shard; when it completes no shard knows the topic and its directories are out of the way.
    env::task<result<cluster::deleted_topic>> delete_topic(shard* asking, topic_id id);

    /// From any shard; every shard has the new tablets when it completes. All of them or, also over a crash, none.
    env::task<result<cluster::topic>> add_partitions(shard* asking, std::string topic, std::int32_t partition_count,
                                                     bool validate_only);

    /// Refuses new work, finishes what is under way, leaves everything in segments of exact length. Once.
    env::task<result<>> stop();

  private:
    struct hosted_shard {
        std::unique_ptr<shard> owner;
        std::shared_ptr<const cluster::topic_image> image;  // touched on the shard's thread only
    };
    using found_points = std::shared_ptr<const std::unordered_map<tablet_id, recovery_point>>;

    store(std::vector<env::environment> worlds, store_options options, std::function<void(error)> on_fatal);
    env::task<result<>> open_all();
    env::task<result<>> open_directory();
    env::task<result<>> size_journals();
    env::task<result<>> open_metadata();
    env::task<result<>> sort_directories();
    env::task<result<>> sort_views();
    env::task<result<>> recover();
    env::task<result<>> start_shards();
    env::task<result<>> publish_topics(found_points found);
    env::task<result<>> publish_in_turn(found_points found);
    env::task<result<cluster::topic>> create_here(cluster::new_topic wanted);
    env::task<result<cluster::deleted_topic>> delete_here(topic_id id);
    env::task<result<cluster::topic>> add_partitions_here(std::string topic, std::int32_t partition_count, bool validate_only);
    env::task<> remove_deleted(cluster::deleted_topic gone);
    std::string folder(const char* name) const { return options_.data_dir + "/" + name; }

    std::vector<env::environment> worlds_;
    env::environment& home_;
    store_options options_;
    std::function<void(error)> on_fatal_;
    std::unique_ptr<env::directory_lock> lock_;
    std::unique_ptr<cluster::embedded_metadata_store> metadata_;
    std::unique_ptr<cluster::topic_directory> topics_;
    cluster::store_identity identity_;
    std::shared_ptr<const std::unordered_set<tablet_id>> known_directories_;  // from sort_directories() to recover()
    recovered_store recovered_;
    std::vector<hosted_shard> shards_;
    env::turn publishing_;
    /// What all shards have; null at the start.
    std::shared_ptr<const cluster::topic_image> published_;
    env::gate work_;
};

}  // namespace logstore
