// The image of all topics, kept up with the metadata store.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "cluster/metadata_store.h"
#include "cluster/topic_image.h"
#include "env/completion.h"
#include "env/executor.h"
#include "env/gate.h"
#include "env/task.h"

namespace logstore::cluster {

using topic_observer = std::move_only_function<void(const std::shared_ptr<const topic_image>&)>;

/// A subscription; destroying it ends it, from inside its own observer too.
class topic_subscription {
  public:
    virtual ~topic_subscription() = default;
};

/// Folds the store's changes into one image after another, in the order of their revisions. One executor;
/// await stop() before it is destroyed. When the watch reports a gap everything is listed again, so an image
/// may skip revisions but never goes back.
class topic_image_feed {
  public:
    /// `defaults` and `message_bytes_max` go into the settings of every topic.
    topic_image_feed(metadata_store& store, env::executor& home, topic_settings defaults,
                     std::int32_t message_bytes_max);
    ~topic_image_feed();

    /// Reads everything and begins to watch. Fails when anything stored cannot be read: a topic must not
    /// vanish quietly.
    env::task<result<>> start();
    env::task<void> stop();

    std::shared_ptr<const topic_image> image() const { return image_; }
    /// Calls `observer` with every later image, on this executor.
    std::unique_ptr<topic_subscription> subscribe(topic_observer observer);
    /// Completes when the image shows `revision`, a transaction on topics, and its observers were called; or
    /// at stop().
    env::task<void> caught_up(metadata_revision revision);

    /// A stored topic with its settings in force.
    result<topic> read_topic(const metadata_entry& entry) const;

  private:
    struct observing;
    class subscription_handle;

    result<> apply(topic_image& to, const metadata_entry& entry) const;
    result<topic_image> build(const metadata_listing& listing) const;
    void on_changes(const metadata_changes& seen);
    env::task<void> list_again();
    void publish();
    void wake_waiters(metadata_revision reached);

    metadata_store& store_;
    env::executor& home_;
    const topic_settings defaults_;
    const std::int32_t message_bytes_max_;

    topic_image next_;  ///< where changes are applied; published as image_
    std::shared_ptr<const topic_image> image_;
    std::unique_ptr<metadata_watch> watch_;
    env::gate background_;
    bool listing_again_ = false;
    metadata_revision newest_seen_ = no_revision;  ///< of any call of the watch
    std::vector<std::weak_ptr<observing>> observers_;
    std::multimap<metadata_revision, env::completion<bool>*> waiters_;
    bool stopped_ = true;
};

}  // namespace logstore::cluster
