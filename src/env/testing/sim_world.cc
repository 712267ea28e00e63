#include "env/testing/sim_world.h"

#include <utility>

namespace logstore::env {

namespace {

/// A seed of its own for each machine's part.
std::uint64_t seed_of(std::uint64_t world, const std::string& part) {
    return sim_random::for_part(world, part).next();
}

}  // namespace

sim_node::sim_node(sim_world& world, std::string name, std::uint32_t shards)
    : world_(world),
      name_(std::move(name)),
      machine_(world.network().add_machine(name_)),
      time_(world.scheduler().now()),
      disk_(world.scheduler(), seed_of(world.options().seed, name_ + " disk"), world.options().disk),
      workers_(world.scheduler(), sim_random::for_part(world.options().seed, name_ + " workers")) {
    for (std::uint32_t i = 0; i < shards; ++i) {
        auto random = sim_random::for_part(world.options().seed, name_ + " shard " + std::to_string(i));
        shards_.push_back(std::make_unique<shard_state>(world.scheduler(), time_, random));
    }
    start_process();
}

void sim_node::start_process() {
    for (auto& one : shards_) {
        one->files.push_back(std::make_unique<sim_file_system>(disk_, one->loop));
        one->networks.push_back(std::make_unique<sim_host_network>(world_.network(), machine_, one->loop));
    }
}

environment sim_node::shard(std::uint32_t index) {
    auto& one = *shards_.at(index);
    return {one.loop, *one.files.back(), *one.networks.back(), one.random, workers_};
}

void sim_node::crash(std::uint64_t seed, sim_crash_style style) {
    disk_.crash(seed, style);
    world_.network().end_process(machine_);
    start_process();
}

void sim_node::kill(std::uint64_t seed) {
    disk_.kill(seed);
    world_.network().end_process(machine_);
    start_process();
}

sim_world::sim_world(sim_world_options options)
    : options_(options),
      scheduler_(options.seed, options.ties),
      network_(scheduler_, options.seed, options.network) {
    add_node("node-0", options.shards);
}

sim_node& sim_world::add_node(std::string name, std::uint32_t shards) {
    nodes_.push_back(std::make_unique<sim_node>(*this, std::move(name), shards));
    return *nodes_.back();
}

}  // namespace logstore::env
