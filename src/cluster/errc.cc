#include "cluster/errc.h"

#include <string>

namespace logstore::cluster {
namespace {

class category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "cluster"; }
    std::string message(int code) const override {
        switch (static_cast<errc>(code)) {
            case errc::conflict: return "the metadata has changed meanwhile";
            case errc::closed: return "the metadata store is closed";
            case errc::no_space: return "no space for metadata";
            case errc::too_large: return "too large for the metadata store";
            case errc::overloaded: return "too many metadata changes are waiting";
            case errc::unknown_outcome: return "the change may or may not have been stored";
            case errc::failed: return "the metadata store has failed";
            case errc::io: return "the metadata store cannot be read";
            case errc::corrupt: return "the metadata is damaged";
            case errc::in_use: return "another process uses the metadata store";
            case errc::unsupported_version: return "the metadata was written by a newer version";
            case errc::topic_exists: return "the topic exists already";
            case errc::topic_name_collides: return "the topic's name collides with another one";
            case errc::invalid_topic_name: return "not a legal topic name";
            case errc::unknown_topic: return "no such topic";
            case errc::invalid_partition_count: return "not a possible number of partitions";
            case errc::limit_reached: return "a limit of this broker is reached";
            case errc::invalid_config: return "not a valid topic config";
            case errc::unsupported_config: return "not supported by this version";
        }
        return "unknown error " + std::to_string(code);
    }
};

}  // namespace

const std::error_category& error_category() {
    static const category instance;
    return instance;
}

}  // namespace logstore::cluster
