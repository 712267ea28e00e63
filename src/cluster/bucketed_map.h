// A map whose copies share what they have in common.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace logstore::cluster {

/// A map in buckets that copies share until one of them changes a bucket: a copy and one change cost about
/// one bucket, however large the map is. One thread changes a map; shared_copy() hands out copies that any
/// thread may read at any time.
template <class Key, class Value, class Hash = std::hash<Key>>
class bucketed_map {
  public:
    bucketed_map() = default;
    bucketed_map(bucketed_map&&) noexcept = default;
    bucketed_map& operator=(bucketed_map&&) noexcept = default;

    bucketed_map shared_copy() {
        owned_.reset();
        return *this;
    }

    std::size_t size() const { return size_; }

    template <class Like>
    const Value* find(const Like& key) const {
        const auto& bucket = buckets_[index_of(key)];
        if (bucket == nullptr) return nullptr;
        const auto found = bucket->find(key);
        return found == bucket->end() ? nullptr : &found->second;
    }

    void set(Key key, Value value) {
        auto& bucket = own(index_of(key));
        if (bucket.insert_or_assign(std::move(key), std::move(value)).second) ++size_;
    }

    void erase(const Key& key) {
        if (find(key) == nullptr) return;
        own(index_of(key)).erase(key);
        --size_;
    }

    /// In no useful order.
    template <class Function>
    void for_each(Function&& function) const {
        for (const auto& bucket : buckets_) {
            if (bucket == nullptr) continue;
            for (const auto& [key, value] : *bucket) function(key, value);
        }
    }

    /// Calls `set` with what `before` had not, or had with another value, and `gone` with what it had besides.
    /// Costs about the buckets that changed, where one map is a descendant of the other.
    template <class Set, class Gone>
    void compare(const bucketed_map& before, Set&& set, Gone&& gone) const {
        static const bucket_map empty;
        for (std::size_t i = 0; i < bucket_count; ++i) {
            if (buckets_[i] == before.buckets_[i]) continue;
            const bucket_map& now = buckets_[i] == nullptr ? empty : *buckets_[i];
            const bucket_map& then = before.buckets_[i] == nullptr ? empty : *before.buckets_[i];
            for (const auto& [key, value] : now) {
                const auto old = then.find(key);
                if (old == then.end() || old->second != value) set(key, value);
            }
            for (const auto& [key, value] : then)
                if (!now.contains(key)) gone(key, value);
        }
    }

  private:
    static constexpr std::size_t bucket_count = 256;
    using bucket_map = std::map<Key, Value, std::less<>>;

    bucketed_map(const bucketed_map&) = default;

    template <class Like>
    static std::size_t index_of(const Like& key) {
        return Hash{}(key) % bucket_count;
    }

    /// The bucket, not shared with any copy.
    bucket_map& own(std::size_t index) {
        if (!owned_[index]) {
            const auto& shared = buckets_[index];
            buckets_[index] =
                shared == nullptr ? std::make_shared<bucket_map>() : std::make_shared<bucket_map>(*shared);
            owned_.set(index);
        }
        return *buckets_[index];
    }

    std::array<std::shared_ptr<bucket_map>, bucket_count> buckets_;
    std::bitset<bucket_count> owned_;  ///< buckets made since the last shared_copy()
    std::size_t size_ = 0;
};

}  // namespace logstore::cluster
