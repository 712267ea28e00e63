// The real world: threads, loops, sockets, disks. Only app/ and tests make one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "env/environment.h"

namespace logstore::env {

/// Processors this process may run on; at least 1.
std::uint32_t processor_count();

enum class disk_backend { automatic, io_uring, threads };

struct host_options {
    std::uint32_t shards = 1;
    disk_backend disk = disk_backend::automatic;
    std::uint32_t worker_threads = 4;
};

/// N executors, each with its own thread, files, sockets and randomness, and one worker pool. The thread that calls run()
/// becomes executor 0.
class host {
  public:
    static result<std::unique_ptr<host>> make(host_options options);
    virtual ~host() = default;

    virtual std::uint32_t shard_count() const = 0;
    /// REQUIRES: index < shard_count(). Valid while the host lives.
    virtual environment shard(std::uint32_t index) = 0;
    /// Runs all executors; returns after stop(). Once.
    virtual void run() = 0;
    /// From any thread: the executors finish the work they are in and return.
    virtual void stop() = 0;
    /// Calls `handler` on executor 0 at the first SIGTERM or SIGINT (the second kills the process). Before run().
    virtual void on_stop_signal(work handler) = 0;
};

}  // namespace logstore::env
