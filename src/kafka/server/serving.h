// What requests of all kinds are served with.
#pragma once

#include "shard/complaints.h"
#include "kafka/server/metrics.h"
#include "kafka/server/options.h"
#include "shard/topic_memo.h"
#include "shard/broker.h"

namespace logstore::kafka {

/// One shard's front door, as its connections and handlers see it. References to what outlives them.
struct serving {
    broker& target;
    const server_options& options;
    server_metrics& metrics;
    complaints& log;
    topic_memo& topics;
};

}  // namespace logstore::kafka
