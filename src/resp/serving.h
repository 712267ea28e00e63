// What commands of all kinds are served with.
#pragma once

#include "resp/key_places.h"
#include "resp/metrics.h"
#include "resp/options.h"
#include "resp/process_limits.h"
#include "shard/broker.h"
#include "shard/byte_budget.h"
#include "shard/complaints.h"
#include "shard/topic_memo.h"

namespace logstore::resp {

/// One shard's Redis door, as its connections and commands see it. References to what outlives them.
struct serving {
    broker& target;
    const server_options& options;
    process_limits& limits;
    budget_share& request_memory;
    budget_share& answer_memory;

    server_metrics& metrics;
    complaints& log;
    topic_memo& topics;
    key_places& places;
    const bool& is_stopping;

    env::monotonic_time now() const { return target.world().time().now(); }
};

}  // namespace logstore::resp
