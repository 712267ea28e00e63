#include "cluster/metadata_history.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace logstore::cluster {
namespace {

std::size_t bytes_of_changes(const metadata_changes& changes) {
    std::size_t bytes = sizeof changes;
    for (const metadata_change& change : changes.changes) {
        bytes += sizeof change + change.entry.key.size() + change.entry.value.size();
    }
    return bytes;
}

bool touches(const metadata_changes& changes, const std::string& prefix) {
    return std::ranges::any_of(
        changes.changes, [&](const metadata_change& change) { return change.entry.key.starts_with(prefix); });
}

}  // namespace

struct metadata_history::watching {
    std::string prefix;
    metadata_watcher watcher;
    bool ended = false;
};

class metadata_history::watch_handle final : public metadata_watch {
  public:
    explicit watch_handle(std::shared_ptr<watching> state) : state_(std::move(state)) {}
    ~watch_handle() override { state_->ended = true; }

  private:
    std::shared_ptr<watching> state_;
};

metadata_history::metadata_history(env::executor& home, metadata_revision begin)
    : home_(home), begin_(begin), latest_(begin) {}

void metadata_history::publish(metadata_changes changes) {
    CHECK(changes.revision == latest_ + 1, "revision {} after {}", changes.revision, latest_);
    latest_ = changes.revision;
    const auto shared = std::make_shared<const metadata_changes>(std::move(changes));
    history_.push_back(shared);
    history_bytes_ += bytes_of_changes(*shared);
    trim();
    std::erase_if(watchers_, [](const std::weak_ptr<watching>& watcher) { return watcher.expired(); });
    for (const auto& watcher : watchers_) {
        if (const auto to = watcher.lock()) deliver(to, shared);
    }
}

void metadata_history::trim() {
    while (history_.size() > transactions_max || (history_bytes_ > bytes_max && history_.size() > 1)) {
        history_bytes_ -= bytes_of_changes(*history_.front());
        begin_ = history_.front()->revision;
        history_.pop_front();
    }
}

std::unique_ptr<metadata_watch> metadata_history::watch(std::string prefix, metadata_revision after,
                                                        metadata_watcher watcher) {
    auto state = std::make_shared<watching>(std::move(prefix), std::move(watcher));
    if (after < begin_) {
        metadata_changes gap;
        gap.revision = latest_;
        gap.gap = true;
        deliver(state, std::make_shared<const metadata_changes>(std::move(gap)));
    } else {
        for (const shared_changes& changes : history_) {
            if (changes->revision > after) deliver(state, changes);
        }
    }
    watchers_.push_back(state);
    return std::make_unique<watch_handle>(std::move(state));
}

void metadata_history::deliver(const std::shared_ptr<watching>& to, const shared_changes& changes) {
    if (to->ended || (!changes->gap && !touches(*changes, to->prefix))) return;
    home_.post([to, changes] {
        if (to->ended) return;
        metadata_changes seen;
        seen.revision = changes->revision;
        seen.gap = changes->gap;
        for (const metadata_change& change : changes->changes) {
            if (change.entry.key.starts_with(to->prefix)) seen.changes.push_back(change);
        }
        to->watcher(seen);
    });
}

}  // namespace logstore::cluster
