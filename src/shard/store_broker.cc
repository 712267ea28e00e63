#include "shard/store_broker.h"

namespace logstore {

env::task<result<>> store_broker::delete_topic(topic_id id) {
    const auto deleted = co_await store_.delete_topic(&shard_, id);
    if (!deleted) co_return std::unexpected(deleted.error());
    co_return result<>();
}

}  // namespace logstore
