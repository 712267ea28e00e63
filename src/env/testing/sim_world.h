// A whole world from one seed: machines with a disk, shards and sockets each, in virtual time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "env/environment.h"
#include "env/testing/sim_connection.h"
#include "env/testing/sim_file_system.h"
#include "env/testing/sim_network.h"
#include "env/testing/sim_run.h"
#include "env/testing/sim_worker_pool.h"

namespace logstore::env {

struct sim_world_options {
    std::uint64_t seed = 1;
    /// Of the first machine.
    std::uint32_t shards = 1;
    sim_ties ties = sim_ties::seeded;
    sim_disk_options disk;
    sim_network_options network;
};

class sim_world;

/// A machine: one disk, one process at a time, with an executor for each shard. After crash() or kill() the
/// environments that were handed out belong to a process that is gone: disk operations answer ENODEV, streams
/// are closed, connecting and listening fail; its objects can then be taken apart. shard() gives environments
/// of the next process, on the same executors.
class sim_node {
  public:
    sim_node(sim_world& world, std::string name, std::uint32_t shards);
    sim_node(const sim_node&) = delete;
    sim_node& operator=(const sim_node&) = delete;

    const std::string& name() const { return name_; }
    sim_machine machine() const { return machine_; }
    std::uint32_t shard_count() const { return static_cast<std::uint32_t>(shards_.size()); }
    /// Of the present process. Valid while the node lives.
    environment shard(std::uint32_t index = 0);
    sim_executor& loop(std::uint32_t index = 0) { return shards_.at(index)->loop; }
    sim_disk& disk() { return disk_; }
    sim_clock& time() { return time_; }

    /// The power fails and comes back.
    void crash(std::uint64_t seed, sim_crash_style style = sim_crash_style::mixed);
    /// The process dies; what it wrote stays in the caches.
    void kill(std::uint64_t seed);

  private:
    struct shard_state {
        shard_state(sim_scheduler& scheduler, const clock& time, sim_random the_random)
            : loop(scheduler, time), random(the_random) {}
        sim_executor loop;
        sim_random random;
        // One of each process; those of earlier ones are still referred to.
        std::vector<std::unique_ptr<sim_file_system>> files;
        std::vector<std::unique_ptr<sim_host_network>> networks;
    };
    void start_process();

    sim_world& world_;
    const std::string name_;
    const sim_machine machine_;
    sim_clock time_;
    sim_disk disk_;
    sim_worker_pool workers_;
    std::vector<std::unique_ptr<shard_state>> shards_;
};

/// Everything is chosen by the seed: the interleaving of shards, delays, chunks, what a crash keeps (by the
/// seed given to it). Objects that use its environments go before it.
class sim_world {
  public:
    explicit sim_world(sim_world_options options = {});
    explicit sim_world(std::uint64_t seed, std::uint32_t shards = 1) : sim_world(with(seed, shards)) {}
    sim_world(const sim_world&) = delete;
    sim_world& operator=(const sim_world&) = delete;

    const sim_world_options& options() const { return options_; }
    sim_scheduler& scheduler() { return scheduler_; }
    sim_network& network() { return network_; }
    sim_node& add_node(std::string name, std::uint32_t shards = 1);
    sim_node& node(std::size_t index = 0) { return *nodes_.at(index); }

    // The first machine's.
    environment shard(std::uint32_t index = 0) { return node().shard(index); }
    sim_executor& loop(std::uint32_t index = 0) { return node().loop(index); }
    sim_disk& disk() { return node().disk(); }
    sim_clock& time() { return node().time(); }
    void crash(std::uint64_t seed, sim_crash_style style = sim_crash_style::mixed) {
        node().crash(seed, style);
    }
    void kill(std::uint64_t seed) { node().kill(seed); }

    /// Runs the world until `work`, on that shard of the first machine, is done.
    template <class T>
    T run(task<T> work, std::uint32_t shard = 0) {
        return env::run(loop(shard), std::move(work));
    }
    template <class T>
    [[nodiscard]] sim_running<T> start(task<T> work, std::uint32_t shard = 0) {
        return env::start(loop(shard), std::move(work));
    }
    void run_until_idle() { scheduler_.run_until_idle(); }
    void advance(duration how_long) { scheduler_.advance(how_long); }
    bool run_until(const std::function<bool()>& done, duration limit = std::chrono::hours(1)) {
        return scheduler_.run_until(done, limit);
    }

  private:
    static sim_world_options with(std::uint64_t seed, std::uint32_t shards) {
        sim_world_options options;
        options.seed = seed;
        options.shards = shards;
        return options;
    }

    const sim_world_options options_;
    sim_scheduler scheduler_;
    sim_network network_;
    std::vector<std::unique_ptr<sim_node>> nodes_;
};

}  // namespace logstore::env
