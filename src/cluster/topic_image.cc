#include "cluster/topic_image.h"

#include <algorithm>
#include <utility>

namespace logstore::cluster {

topic_ptr topic_image::find(std::string_view name) const {
    topic_ptr found = find_in_place_of(name);
    return found != nullptr && found->name == name ? found : nullptr;
}

topic_ptr topic_image::find(const topic_id& id) const {
    const topic_ptr* found = by_id_.find(id);
    return found == nullptr ? nullptr : *found;
}

topic_ptr topic_image::find_in_place_of(std::string_view name) const {
    const topic_ptr* found = by_key_.find(topic_key(name));
    return found == nullptr ? nullptr : *found;
}

std::vector<topic_ptr> topic_image::topics() const {
    std::vector<topic_ptr> all;
    all.reserve(topic_count());
    by_key_.for_each([&](const std::string&, const topic_ptr& each) { all.push_back(each); });
    std::ranges::sort(all, {}, [](const topic_ptr& each) -> const std::string& { return each->name; });
    return all;
}

topic_image::changes topic_image::changes_since(const topic_image& before) const {
    changes found;
    by_id_.compare(
        before.by_id_, [&](const topic_id&, const topic_ptr& each) { found.set.push_back(each); },
        [&](const topic_id&, const topic_ptr&) { found.has_removals = true; });
    return found;
}

std::vector<deleted_topic> topic_image::deleted_topics() const {
    std::vector<deleted_topic> all;
    all.reserve(deleted_count());
    deleted_.for_each([&](const topic_id&, const deleted_topic& each) { all.push_back(each); });
    std::ranges::sort(all, {}, &deleted_topic::id);
    return all;
}

void topic_image::put(topic_ptr added) {
    std::string key = topic_key(added->name);
    remove_topic(key);
    partition_count_ += added->partition_count;
    by_id_.set(added->id, added);
    by_key_.set(std::move(key), std::move(added));
}

void topic_image::put_deleted(deleted_topic added) {
    const topic_id id = added.id;
    deleted_.set(id, std::move(added));
}

void topic_image::remove(std::string_view key) {
    if (const auto id = id_in_deleted_topic_key(key))
        deleted_.erase(*id);
    else
        remove_topic(std::string(key));
}

void topic_image::remove_topic(const std::string& key) {
    const topic_ptr* found = by_key_.find(key);
    if (found == nullptr) return;
    const topic_ptr leaving = *found;
    partition_count_ -= leaving->partition_count;
    by_id_.erase(leaving->id);
    by_key_.erase(key);
}

std::shared_ptr<const topic_image> topic_image::publish() {
    auto published = std::make_shared<topic_image>();
    published->revision_ = revision_;
    published->partition_count_ = partition_count_;
    published->by_key_ = by_key_.shared_copy();
    published->by_id_ = by_id_.shared_copy();
    published->deleted_ = deleted_.shared_copy();
    return published;
}

}  // namespace logstore::cluster
