// Who this store is, and how often it was started.
#pragma once

#include <string>
#include <string_view>

#include "cluster/metadata_store.h"
#include "env/random.h"
#include "env/task.h"
#include "model/numbers.h"

namespace logstore::cluster {

struct store_identity {
    /// Made at the first start: a random UUID in Kafka's text form.
    std::string cluster_id;
    /// 1 at the first start; grows by one with each. The leader epoch of a single node.
    boot_number boot;
};

/// Counts one more start of `store`, durably, and makes the cluster id at the first: once per process, before
/// anything is served. Uses the store's last space, so that a full disk can be read and deleted from.
env::task<result<store_identity>> begin_boot(metadata_store* store, env::random_source* random);

}  // namespace logstore::cluster
