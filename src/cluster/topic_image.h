// All topics at one moment.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/bucketed_map.h"
#include "cluster/metadata_store.h"
#include "cluster/topic.h"

namespace logstore::cluster {

/// The topics of the store as of one revision, by name and by id, and the deleted ones that are not
/// forgotten. An image that was published never changes: any thread may read it, and the next one shares with
/// it what did not change.
class topic_image {
  public:
    metadata_revision revision() const { return revision_; }

    /// Null when there is none.
    topic_ptr find(std::string_view name) const;
    topic_ptr find(const topic_id& id) const;
    /// The topic that takes up this name's place: the one of the same name, or of a name that collides with
    /// it.
    topic_ptr find_in_place_of(std::string_view name) const;
    /// Sorted by name.
    std::vector<topic_ptr> topics() const;
    /// What an earlier image has not.
    struct changes {
        /// New topics and changed ones, in no useful order.
        std::vector<topic_ptr> set;
        /// Whether a topic of the earlier image is gone.
        bool has_removals = false;
    };
    changes changes_since(const topic_image& before) const;

    std::size_t topic_count() const { return by_id_.size(); }
    /// Of all topics together.
    std::int64_t partition_count() const { return partition_count_; }

    /// Null when there is none.
    const deleted_topic* find_deleted(const topic_id& id) const { return deleted_.find(id); }
    std::size_t deleted_count() const { return deleted_.size(); }
    /// Sorted by id.
    std::vector<deleted_topic> deleted_topics() const;

    // Building one. REQUIRES: not published.
    /// In place of the topic that was under the same key.
    void put(topic_ptr added);
    void put_deleted(deleted_topic added);
    /// Forgets the topic or deleted topic that the store kept under `key`; nothing when there is none.
    void remove(std::string_view key);
    void set_revision(metadata_revision revision) { revision_ = revision; }
    /// An image for others, while this one goes on to change.
    std::shared_ptr<const topic_image> publish();

  private:
    void remove_topic(const std::string& key);

    metadata_revision revision_ = no_revision;
    std::int64_t partition_count_ = 0;
    bucketed_map<std::string, topic_ptr, std::hash<std::string_view>> by_key_;
    bucketed_map<topic_id, topic_ptr> by_id_;
    bucketed_map<topic_id, deleted_topic> deleted_;
};

}  // namespace logstore::cluster
