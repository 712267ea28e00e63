// What requests of all kinds are served with.
#pragma once

#include "http/body_reader.h"
#include "http/date_line.h"
#include "http/metrics.h"
#include "http/options.h"
#include "http/origin_policy.h"
#include "http/partition_chooser.h"
#include "shard/broker.h"
#include "shard/byte_budget.h"
#include "shard/complaints.h"
#include "shard/topic_memo.h"

namespace logstore::http {

/// One shard's HTTP door, as its connections and handlers see it. References to what outlives them.
struct serving {
    broker& target;
    const server_options& options;
    const origin_policy& origins;
    /// Null: there are none to be had.
    metrics_source* process_metrics;
    budget_share& request_memory;
    budget_share& answer_memory;

    server_metrics& metrics;
    complaints& log;
    topic_memo& topics;
    partition_chooser& partitions;
    body_reader& bodies;
    date_line& date;
    const bool& is_stopping;
};

}  // namespace logstore::http
