#include "env/testing/sim_network.h"

#include <algorithm>
#include <coroutine>

#include "base/check.h"
#include "env/testing/sim_connection.h"

namespace logstore::env {

/// Where connections to one port of one machine go; closed when its listener or its process is gone.
struct sim_acceptor {
    sim_machine machine;
    std::uint16_t port;
    bool shared;
    sim_executor& loop;
    std::uint64_t process;
    std::move_only_function<void(std::unique_ptr<stream>)> on_accept;
    bool is_open = true;
};

/// A connect() under way; shared with the events that end it.
struct sim_connect_attempt {
    sim_machine from;
    std::uint64_t process;
    sim_executor& loop;
    sim_machine to;
    std::uint16_t port;
    bool by_loopback;
    std::coroutine_handle<> waiter;  // null: over, or nobody waits any more
    std::optional<timer_id> timeout;
    std::error_code outcome;
    std::unique_ptr<stream> made;

    bool is_over() const { return waiter == nullptr; }
};

class sim_listener final : public listener {
  public:
    sim_listener(sim_network& net, std::shared_ptr<sim_acceptor> acceptor)
        : net_(net), acceptor_(std::move(acceptor)) {}
    ~sim_listener() override {
        acceptor_->is_open = false;
        std::erase_if(net_.machines_[acceptor_->machine].acceptors,
                      [this](const auto& one) { return one.second == acceptor_; });
    }
    std::uint16_t port() const override { return acceptor_->port; }

  private:
    sim_network& net_;
    const std::shared_ptr<sim_acceptor> acceptor_;
};

namespace {

bool is_loopback(const std::string& host) {
    return host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "0.0.0.0" || host == "::";
}

error network_error(std::errc code, std::string detail) {
    return {std::make_error_code(code), std::move(detail)};
}

}  // namespace

sim_network::sim_network(sim_scheduler& scheduler, std::uint64_t seed, sim_network_options options)
    : scheduler_(scheduler), random_(sim_random::for_part(seed, "network")), options_(options) {}

sim_network::~sim_network() = default;

sim_machine sim_network::add_machine(std::string name) {
    const auto number = static_cast<sim_machine>(machines_.size());
    machine made;
    made.name = std::move(name);
    made.address = "10.0.0." + std::to_string(number + 1);
    machines_.push_back(std::move(made));
    return number;
}

std::optional<sim_machine> sim_network::resolve(const std::string& host, sim_machine from) const {
    if (is_loopback(host)) return from;
    for (sim_machine i = 0; i < machines_.size(); ++i) {
        if (machines_[i].name == host || machines_[i].address == host) return i;
    }
    return std::nullopt;
}

std::uint16_t sim_network::free_port(machine& on) {
    for (;;) {
        const auto port = on.next_port;
        on.next_port = port == 65535 ? 49152 : static_cast<std::uint16_t>(port + 1);
        if (!on.acceptors.contains(port)) return port;
    }
}

// ---- connecting

void sim_network::begin(const std::shared_ptr<sim_connect_attempt>& attempt) {
    attempt->timeout = attempt->loop.start_timer(scheduler_.now() + connect_timeout, [this, attempt] {
        attempt->timeout.reset();
        attempt->outcome = std::make_error_code(std::errc::timed_out);
        std::erase(waiting_attempts_, attempt);
        if (!attempt->is_over()) std::exchange(attempt->waiter, {}).resume();
    });
    scheduler_.at(scheduler_.now() + options_.latency.draw(random_), nullptr,
                  [this, attempt] { arrive(attempt); });
}

/// The request for a connection is at the other machine.
void sim_network::arrive(const std::shared_ptr<sim_connect_attempt>& attempt) {
    if (attempt->is_over()) return;
    if (is_blocked(attempt->from, attempt->to) || is_blocked(attempt->to, attempt->from)) {
        waiting_attempts_.push_back(attempt);
        return;
    }
    auto& target = machines_[attempt->to];
    const auto [first, last] = target.acceptors.equal_range(attempt->port);
    const auto count = static_cast<std::uint64_t>(std::distance(first, last));
    if (count == 0 || machines_[attempt->from].process != attempt->process) {
        ++counters_.connections_refused;
        return answer(attempt, std::make_error_code(std::errc::connection_refused));
    }
    const auto acceptor = std::next(first, static_cast<std::ptrdiff_t>(random_.below(count)))->second;
    const auto name = [&](sim_machine which) {
        return attempt->by_loopback ? "127.0.0.1" : machines_[which].address;
    };
    sim_connection::end_description connecting{attempt->from, attempt->process, &attempt->loop,
                                               name(attempt->to) + ":" + std::to_string(attempt->port)};
    sim_connection::end_description accepting{
        attempt->to, acceptor->process, &acceptor->loop,
        name(attempt->from) + ":" + std::to_string(free_port(machines_[attempt->from]))};
    const auto connection =
        std::make_shared<sim_connection>(*this, std::move(connecting), std::move(accepting));
    std::erase_if(connections_, [](const auto& one) { return one.expired(); });
    connections_.push_back(connection);
    ++counters_.connections;
    attempt->made = std::make_unique<sim_stream>(connection, 0);
    answer(attempt, {});
    auto accepted = std::make_unique<sim_stream>(connection, 1);
    scheduler_.at(scheduler_.now() + options_.latency.draw(random_), &acceptor->loop,
                  [acceptor, kept = std::move(accepted)]() mutable {
                      if (acceptor->is_open) acceptor->on_accept(std::move(kept));
                  });
}

/// The outcome travels back.
void sim_network::answer(const std::shared_ptr<sim_connect_attempt>& attempt, std::error_code code) {
    attempt->outcome = code;
    scheduler_.at(scheduler_.now() + options_.latency.draw(random_), &attempt->loop, [attempt] {
        if (attempt->timeout) attempt->loop.cancel_timer(*std::exchange(attempt->timeout, {}));
        if (!attempt->is_over()) std::exchange(attempt->waiter, {}).resume();
    });
}

// ---- faults

void sim_network::unblock(sim_machine from, sim_machine to) {
    blocked_.erase({from, to});
    wake_connections();
}

void sim_network::isolate(sim_machine which) {
    for (sim_machine i = 0; i < machines_.size(); ++i) {
        if (i == which) continue;
        block(i, which);
        block(which, i);
    }
}

void sim_network::unblock_all() {
    blocked_.clear();
    wake_connections();
}

void sim_network::wake_connections() {
    for (const auto& connection : connections()) {
        for (const int side : {0, 1}) connection->wake(side);
    }
    for (const auto& attempt : std::exchange(waiting_attempts_, {})) {
        scheduler_.at(scheduler_.now() + options_.latency.draw(random_), nullptr,
                      [this, attempt] { arrive(attempt); });
    }
}

void sim_network::break_connections(sim_machine one, sim_machine other) {
    for (const auto& connection : connections()) {
        const auto first = connection->machine(0);
        const auto second = connection->machine(1);
        if ((first == one && second == other) || (first == other && second == one)) connection->break_now();
    }
}

void sim_network::break_all() {
    for (const auto& connection : connections()) connection->break_now();
}

void sim_network::end_process(sim_machine which) {
    auto& machine = machines_.at(which);
    const auto ended = machine.process++;
    for (auto& [port, acceptor] : machine.acceptors) acceptor->is_open = false;
    machine.acceptors.clear();
    for (const auto& connection : connections()) {
        for (const int side : {0, 1}) {
            if (connection->machine(side) == which && connection->process(side) == ended)
                connection->end_process(side);
        }
    }
}

std::vector<std::shared_ptr<sim_connection>> sim_network::connections() const {
    std::vector<std::shared_ptr<sim_connection>> open;
    for (const auto& one : connections_) {
        if (auto connection = one.lock(); connection && connection->is_open())
            open.push_back(std::move(connection));
    }
    return open;
}

// ---- one executor's sockets

sim_host_network::sim_host_network(sim_network& net, sim_machine machine, sim_executor& on)
    : net_(net), machine_(machine), on_(on), process_(net.machines_.at(machine).process) {}

result<std::unique_ptr<listener>> sim_host_network::listen(
    socket_address at, bool shared, std::move_only_function<void(std::unique_ptr<stream>)> on_accept) {
    auto& here = net_.machines_[machine_];
    if (here.process != process_)
        return std::unexpected(network_error(std::errc::network_down, "the process has ended"));
    const bool is_here = at.host.empty() || net_.resolve(at.host, machine_) == machine_;
    if (!is_here)
        return std::unexpected(network_error(std::errc::address_not_available, "listening on " + at.text()));
    if (at.port == 0) at.port = net_.free_port(here);
    const auto [first, last] = here.acceptors.equal_range(at.port);
    const bool is_free =
        std::all_of(first, last, [shared](const auto& one) { return shared && one.second->shared; });
    if (!is_free)
        return std::unexpected(network_error(std::errc::address_in_use, "listening on " + at.text()));
    auto acceptor =
        std::make_shared<sim_acceptor>(machine_, at.port, shared, on_, process_, std::move(on_accept));
    here.acceptors.emplace(at.port, acceptor);
    return std::make_unique<sim_listener>(net_, std::move(acceptor));
}

task<result<std::unique_ptr<stream>>> sim_host_network::connect(socket_address to) {
    if (net_.machines_[machine_].process != process_) {
        co_return std::unexpected(network_error(std::errc::network_down, "the process has ended"));
    }
    const auto target = net_.resolve(to.host, machine_);
    if (!target)
        co_return std::unexpected(
            network_error(std::errc::host_unreachable, "no machine is called " + to.host));

    struct waiting {
        sim_network& net;
        std::shared_ptr<sim_connect_attempt> attempt;
        // The frame goes while it waits: nobody is to be told.
        ~waiting() {
            attempt->waiter = {};
            if (attempt->timeout) attempt->loop.cancel_timer(*attempt->timeout);
        }
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiter) {
            attempt->waiter = waiter;
            net.begin(attempt);
        }
        void await_resume() const noexcept {}
    };
    waiting outcome{net_, std::make_shared<sim_connect_attempt>(machine_, process_, on_, *target, to.port,
                                                                is_loopback(to.host))};
    co_await outcome;
    if (outcome.attempt->outcome) {
        co_return std::unexpected(error(outcome.attempt->outcome, "connecting to " + to.text()));
    }
    co_return std::move(outcome.attempt->made);
}

}  // namespace logstore::env
