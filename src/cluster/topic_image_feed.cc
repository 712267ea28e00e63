#include "cluster/topic_image_feed.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/logging.h"

namespace logstore::cluster {
namespace {
constexpr env::duration list_retry_delay = std::chrono::seconds(1);
}  // namespace

struct topic_image_feed::observing {
    topic_observer observer;
    bool ended = false;
};

class topic_image_feed::subscription_handle final : public topic_subscription {
  public:
    explicit subscription_handle(std::shared_ptr<observing> state) : state_(std::move(state)) {}
    ~subscription_handle() override { state_->ended = true; }

  private:
    std::shared_ptr<observing> state_;
};

topic_image_feed::topic_image_feed(metadata_store& store, env::executor& home, topic_settings defaults,
                                   std::int32_t message_bytes_max)
    : store_(store),
      home_(home),
      defaults_(defaults),
      message_bytes_max_(message_bytes_max),
      image_(std::make_shared<const topic_image>()) {}

topic_image_feed::~topic_image_feed() {
    CHECK(stopped_, "a feed is stopped before it goes");
}

env::task<result<>> topic_image_feed::start() {
    const auto listing = co_await store_.list(std::string(topics_prefix));
    if (!listing) co_return std::unexpected(listing.error());
    auto built = build(*listing);
    if (!built) co_return std::unexpected(built.error());
    next_ = std::move(*built);
    image_ = next_.publish();
    stopped_ = false;
    watch_ = store_.watch(std::string(topics_prefix), listing->revision,
                          [this](const metadata_changes& seen) { on_changes(seen); });
    co_return result<>{};
}

env::task<void> topic_image_feed::stop() {
    stopped_ = true;
    watch_.reset();
    while (!waiters_.empty()) wake_waiters(waiters_.rbegin()->first);
    co_await background_.close();
}

std::unique_ptr<topic_subscription> topic_image_feed::subscribe(topic_observer observer) {
    auto state = std::make_shared<observing>(std::move(observer));
    observers_.push_back(state);
    return std::make_unique<subscription_handle>(std::move(state));
}

env::task<void> topic_image_feed::caught_up(metadata_revision revision) {
    if (stopped_ || image_->revision() >= revision) co_return;
    env::completion<bool> reached;
    waiters_.emplace(revision, &reached);
    co_await reached;
}

result<topic> topic_image_feed::read_topic(const metadata_entry& entry) const {
    auto read = decode_topic(entry);
    if (!read) return read;
    read->settings = settings_of(read->configs, defaults_);
    // It was checked against the limit of its day.
    read->settings.message_bytes_max = std::min(read->settings.message_bytes_max, message_bytes_max_);
    return read;
}

result<> topic_image_feed::apply(topic_image& to, const metadata_entry& entry) const {
    if (is_deleted_topic_key(entry.key)) {
        auto deleted = decode_deleted_topic(entry);
        if (!deleted) return std::unexpected(deleted.error());
        to.put_deleted(std::move(*deleted));
        return {};
    }
    auto read = read_topic(entry);
    if (!read) return std::unexpected(read.error());
    to.put(std::make_shared<const topic>(std::move(*read)));
    return {};
}

result<topic_image> topic_image_feed::build(const metadata_listing& listing) const {
    topic_image built;
    for (const metadata_entry& entry : listing.entries) LOGSTORE_TRY(apply(built, entry));
    built.set_revision(listing.revision);
    return built;
}

void topic_image_feed::on_changes(const metadata_changes& seen) {
    newest_seen_ = std::max(newest_seen_, seen.revision);
    if (listing_again_) return;  // the listing will have it
    if (seen.gap) {
        listing_again_ = true;
        env::spawn(background_, list_again());
        return;
    }
    if (seen.revision <= next_.revision()) return;
    for (const metadata_change& change : seen.changes) {
        if (change.removed) {
            next_.remove(change.entry.key);
        } else if (const result<> applied = apply(next_, change.entry); !applied) {
            log_error("cluster", "a change of the topics is ignored: {}", applied.error().message());
        }
    }
    next_.set_revision(seen.revision);
    publish();
}

env::task<void> topic_image_feed::list_again() {
    while (!stopped_) {
        const auto listing = co_await store_.list(std::string(topics_prefix));
        // What the watch has told of meanwhile must be in the listing too.
        if (listing && listing->revision < newest_seen_) continue;
        auto built = listing ? build(*listing) : result<topic_image>(std::unexpected(listing.error()));
        if (stopped_) break;
        if (built) {
            next_ = std::move(*built);
            listing_again_ = false;
            publish();
            co_return;
        }
        log_error("cluster", "the topics cannot be listed: {}", built.error().message());
        co_await env::sleep(home_, list_retry_delay);
    }
}

void topic_image_feed::publish() {
    image_ = next_.publish();
    const auto published = image_;
    std::erase_if(observers_, [](const std::weak_ptr<observing>& observer) { return observer.expired(); });
    const auto observers = observers_;  // an observer may subscribe another
    for (const auto& each : observers) {
        const auto to = each.lock();
        if (to != nullptr && !to->ended) to->observer(published);
    }
    wake_waiters(published->revision());
}

void topic_image_feed::wake_waiters(metadata_revision reached) {
    // A waiter goes on at once and may wait again: take all of them first.
    std::vector<env::completion<bool>*> woken;
    const auto end = waiters_.upper_bound(reached);
    for (auto at = waiters_.begin(); at != end; ++at) woken.push_back(at->second);
    waiters_.erase(waiters_.begin(), end);
    for (env::completion<bool>* waiter : woken) waiter->set(true);
}

}  // namespace logstore::cluster
