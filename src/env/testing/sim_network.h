// The network of a simulated world: byte streams between its machines.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "env/stream.h"
#include "env/testing/sim_latency.h"
#include "env/testing/sim_scheduler.h"

namespace logstore::env {

class sim_connection;
struct sim_connect_attempt;
struct sim_acceptor;

/// The number of a machine in its network.
using sim_machine = std::uint32_t;

struct sim_network_options {
    /// From one machine to another, one way.
    sim_latency latency{std::chrono::microseconds(20), std::chrono::microseconds(50)};
    /// Received at once: 1 byte up to this, small ones as often as large ones.
    std::size_t largest_chunk_bytes = 64 * 1024;
    /// What the kernels hold of one direction of a connection, chosen for each connection.
    std::size_t least_window_bytes = 4 * 1024;
    std::size_t most_window_bytes = 256 * 1024;
    /// Once in so many deliveries the connection breaks, or a bit of the bytes is flipped; 0: never.
    std::uint64_t break_one_in = 0;
    std::uint64_t corrupt_one_in = 0;
};

struct sim_network_counters {
    std::uint64_t connections = 0;
    std::uint64_t connections_refused = 0;
    std::uint64_t connections_broken = 0;
    std::uint64_t deliveries = 0;
    std::uint64_t bytes_delivered = 0;
    std::uint64_t bits_flipped = 0;
    /// Deliveries that waited because a link was blocked or a connection stalled.
    std::uint64_t deliveries_held = 0;
};

/// Connects the executors of all machines. Streams deliver in order, in random chunks, after random delays,
/// and behave as stream.h says; who is told first of what is up to the seed. Closing over unread bytes resets
/// the connection, as TCP does. A machine is reached by its name, its address, or from itself by a loopback
/// name.
class sim_network {
  public:
    /// The scheduler outlives the network; the network outlives its sockets.
    sim_network(sim_scheduler& scheduler, std::uint64_t seed, sim_network_options options = {});
    sim_network(const sim_network&) = delete;
    sim_network& operator=(const sim_network&) = delete;
    ~sim_network();

    sim_machine add_machine(std::string name);
    const std::string& address_of(sim_machine which) const { return machines_.at(which).address; }

    /// Bytes, and the news of closing, from one machine to another wait until unblock(); a connection that is
    /// being made waits too, and times out.
    void block(sim_machine from, sim_machine to) { blocked_.emplace(from, to); }
    void unblock(sim_machine from, sim_machine to);
    /// Both ways, with every other machine.
    void isolate(sim_machine which);
    void unblock_all();
    /// Every connection between the two breaks: both ends are told connection_reset.
    void break_connections(sim_machine one, sim_machine other);
    void break_all();
    /// The process on `which` is gone: its listeners vanish, its streams are closed with connection_aborted,
    /// and the other ends are reset.
    void end_process(sim_machine which);

    /// Those with an end that is still open, oldest first.
    std::vector<std::shared_ptr<sim_connection>> connections() const;
    const sim_network_counters& counters() const { return counters_; }
    sim_network_options& options() { return options_; }

  private:
    friend class sim_connection;
    friend class sim_host_network;
    friend class sim_listener;

    struct machine {
        std::string name;
        std::string address;
        std::uint16_t next_port = 49152;
        std::uint64_t process = 1;
        std::multimap<std::uint16_t, std::shared_ptr<sim_acceptor>> acceptors;
    };

    bool is_blocked(sim_machine from, sim_machine to) const { return blocked_.contains({from, to}); }
    std::optional<sim_machine> resolve(const std::string& host, sim_machine from) const;
    std::uint16_t free_port(machine& on);
    void begin(const std::shared_ptr<sim_connect_attempt>& attempt);
    void arrive(const std::shared_ptr<sim_connect_attempt>& attempt);
    void answer(const std::shared_ptr<sim_connect_attempt>& attempt, std::error_code code);
    void wake_connections();

    sim_scheduler& scheduler_;
    sim_random random_;
    sim_network_options options_;
    std::vector<machine> machines_;
    std::set<std::pair<sim_machine, sim_machine>> blocked_;
    std::vector<std::shared_ptr<sim_connect_attempt>> waiting_attempts_;
    std::vector<std::weak_ptr<sim_connection>> connections_;
    sim_network_counters counters_;
};

/// The sockets of one executor of one process of a machine.
class sim_host_network final : public network {
  public:
    /// All outlive it.
    sim_host_network(sim_network& net, sim_machine machine, sim_executor& on);

    result<std::unique_ptr<listener>> listen(
        socket_address at, bool shared,
        std::move_only_function<void(std::unique_ptr<stream>)> on_accept) override;
    task<result<std::unique_ptr<stream>>> connect(socket_address to) override;

  private:
    sim_network& net_;
    const sim_machine machine_;
    sim_executor& on_;
    const std::uint64_t process_;
};

}  // namespace logstore::env
