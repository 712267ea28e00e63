// Everything of the outside world that one shard may touch.
#pragma once

#include "env/executor.h"
#include "env/file.h"
#include "env/random.h"
#include "env/stream.h"
#include "env/worker_pool.h"

namespace logstore::env {

/// The world as one executor sees it. Values of references: cheap to copy; the owner outlives every user.
struct environment {
    executor& loop;
    file_system& files;
    network& net;
    random_source& random;
    worker_pool& workers;

    const clock& time() const { return loop.time(); }
};

}  // namespace logstore::env
