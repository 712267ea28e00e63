#include "kafka/server/shard_broker.h"

namespace logstore::kafka {
env::task<result<topic>> shard_broker::create_topic(std::string name, std::int32_t partition_count,
                                                    std::map<std::string, std::string, std::less<>> configs, bool validate_only) {
    cluster::new_topic wanted;
    wanted.name = std::move(name);
    if (partition_count >= 0) wanted.partition_count = partition_count;
    wanted.configs = std::move(configs);
    wanted.validate_only = validate_only;
    co_return co_await store_.create_topic(&shard_, std::move(wanted));
}

env::task<result<>> shard_broker::delete_topic(topic_id id) {
    auto deleted = co_await store_.delete_topic(&shard_, id);
    if (!deleted) co_return std::unexpected(deleted.error());
    co_return result<>{};
}

}  // namespace logstore::kafka
