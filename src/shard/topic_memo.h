// The topics that producers of a shard name again and again.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string_view>

#include "cluster/topic_image.h"

namespace logstore {

/// Remembers by name some of the topics of the last image it was asked about, so that a produce request
/// neither builds a key nor touches a counter that all shards share. One shard.
class topic_memo {
  public:
    /// The topic of this name in `image`, or null. Valid until the next call.
    const cluster::topic* find(const std::shared_ptr<const cluster::topic_image>& image,
                               std::string_view name) {
        if (image != image_) {
            image_ = image;
            remembered_ = {};
        }
        cluster::topic_ptr& place = remembered_[std::hash<std::string_view>()(name) % remembered_.size()];
        if (place == nullptr || place->name != name) place = image_->find(name);
        return place.get();
    }

  private:
    static constexpr std::size_t topics_remembered = 256;

    std::shared_ptr<const cluster::topic_image> image_;
    std::array<cluster::topic_ptr, topics_remembered> remembered_{};
};

}  // namespace logstore
