#include "kafka/client/cluster_view.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/check.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/retry_rules.h"
#include "kafka/client/topics.h"

namespace logstore::kafka {
namespace {

/// Leaves the gate when the call ends.
class visit {
  public:
    explicit visit(env::gate& through) : through_(through), is_inside_(through.enter()) {}
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit() {
        if (is_inside_) through_.leave();
    }
    bool is_inside() const { return is_inside_; }

  private:
    env::gate& through_;
    const bool is_inside_;
};

}  // namespace

cluster_view::cluster_view(env::environment world, cluster_options options)
    : world_(world), options_(std::move(options)), asking_(world.loop), shut_(world.loop) {
    CHECK(!options_.bootstrap.empty());
}

cluster_view::~cluster_view() {
    for (const auto& [address, one] : links_)
        CHECK(!one->connection || !one->connection->is_open(), "{} is still connected", address);
}

error cluster_view::closed_error() {
    return {client_errc::closed, "the client is closed"};
}

// --- what is known

const topic_view* cluster_view::find(std::string_view topic) const {
    const auto found = topics_.find(topic);
    return found == topics_.end() ? nullptr : &found->second;
}

bool cluster_view::is_old(std::string_view topic) const {
    const topic_view* known = find(topic);
    return known == nullptr || world_.time().now() - known->heard_at >= options_.metadata_age_max;
}

std::string cluster_view::name_of(broker_id which) const {
    const auto found = brokers_.find(which);
    return found == brokers_.end() ? fmt::format("broker {}", which) : found->second.text();
}

void cluster_view::learn(const metadata_response& answer) {
    brokers_.clear();
    controller_ = answer.controller;
    for (const metadata_response::broker& one : answer.brokers) {
        if (one.port <= 0 || one.port > std::numeric_limits<std::uint16_t>::max() || one.host.empty())
            continue;
        env::socket_address at;
        at.host = one.host;
        at.port = static_cast<std::uint16_t>(one.port);
        brokers_.emplace(one.id, std::move(at));
    }
    const env::monotonic_time now = world_.time().now();
    for (const metadata_response::topic& one : answer.topics) {
        const auto found = topics_.find(one.name.value_or(""));
        if (found == topics_.end()) continue;
        topic_view& view = found->second;
        view.error = one.error;
        view.heard_at = now;
        // A refused topic keeps the leaders that were known: whoever has its records still asks them.
        if (one.error != error_code::none) continue;
        view.leaders.assign(one.partitions.size(), topic_view::no_broker);
        for (const metadata_response::partition& partition : one.partitions) {
            const auto at = static_cast<std::size_t>(partition.index.value());
            if (partition.index.value() < 0 || at >= view.leaders.size()) continue;
            if (brokers_.contains(partition.leader)) view.leaders[at] = partition.leader;
        }
    }
}

// --- asking

env::task<result<>> cluster_view::refresh(std::string topic) {
    const visit here(inside_);
    if (!here.is_inside()) co_return std::unexpected(closed_error());
    if (!topics_.contains(topic)) topics_[topic].error = error_code::unknown_topic_or_partition;
    co_return co_await ask_in_turn(std::move(topic));
}

env::task<result<>> cluster_view::refresh_brokers() {
    const visit here(inside_);
    if (!here.is_inside()) co_return std::unexpected(closed_error());
    co_return co_await ask_in_turn(std::nullopt);
}

env::task<result<>> cluster_view::ask_in_turn(std::optional<std::string> topic) {
    const std::uint64_t put_before = questions_;
    co_await asking_.take();
    // The answer to a question that was put after this call began is as good as one of its own.
    result<> outcome;
    if (answered_ <= put_before) {
        auto told = co_await ask(std::move(topic));
        outcome = std::move(told);
    }
    asking_.give();
    co_return outcome;
}

env::task<result<>> cluster_view::wait_for_topic(std::string topic, env::monotonic_time give_up_at) {
    const visit here(inside_);
    if (!here.is_inside()) co_return std::unexpected(closed_error());
    for (std::uint32_t failures = 1;; ++failures) {
        auto refreshed = co_await refresh(topic);
        const topic_view* view = find(topic);
        error_code said = refreshed ? view->error : error_code::none;
        if (refreshed && said == error_code::none && view->leaders.empty())
            said = error_code::leader_not_available;
        if (said != error_code::none) refreshed = std::unexpected(broker_error(said));
        trouble_.reset();
        if (refreshed) co_return refreshed;

        const bool is_final =
            said == error_code::unknown_topic_or_partition || !judge_attempt(refreshed.error()).is_retriable;
        const env::monotonic_time again =
            world_.time().now() + options_.reconnect.after(failures, world_.random);
        if (is_final || closed_ || again >= give_up_at) co_return refreshed;
        trouble_ = refreshed.error();
        co_await wait_until(again);
    }
}

env::task<result<>> cluster_view::ask(std::optional<std::string> topic) {
    auto connection = co_await connect_any();
    if (!connection) co_return std::unexpected(std::move(connection).error());
    const std::uint64_t question = ++questions_;
    std::vector<std::string> names;
    for (const auto& [name, unused] : topics_) names.push_back(name);
    const auto answer = co_await fetch_metadata(connection->get(), std::move(names));
    if (!answer) co_return std::unexpected(answer.error());
    learn(*answer);
    answered_ = question;
    const bool is_told =
        !topic || std::ranges::any_of(answer->topics, [&](const auto& one) { return one.name == topic; });
    if (!is_told)
        co_return fail(client_errc::bad_response, "metadata of other topics than the one asked for");
    co_return result<>();
}

// --- connections

cluster_view::link& cluster_view::link_to(const env::socket_address& address) {
    std::unique_ptr<link>& found = links_[address.text()];
    if (!found) found = std::make_unique<link>(world_.loop, address);
    return *found;
}

std::shared_ptr<client_connection> cluster_view::open_connection(broker_id to) const {
    const auto address = brokers_.find(to);
    if (address == brokers_.end()) return nullptr;
    const auto found = links_.find(address->second.text());
    if (found == links_.end() || !found->second->connection) return nullptr;
    return found->second->connection->is_open() ? found->second->connection : nullptr;
}

env::task<cluster_view::connected> cluster_view::connect(broker_id to) {
    const visit here(inside_);
    if (!here.is_inside() || closed_) co_return std::unexpected(closed_error());
    const auto address = brokers_.find(to);
    if (address == brokers_.end())
        co_return fail(client_errc::unreachable, fmt::format("nobody knows an address of broker {}", to));
    link* way = &link_to(address->second);
    auto made = co_await connect_link(way);
    co_return made;
}

env::task<cluster_view::connected> cluster_view::connect_to_controller() {
    const visit here(inside_);
    if (!here.is_inside() || closed_) co_return std::unexpected(closed_error());
    if (knows(controller_)) {
        auto made = co_await connect(controller_);
        co_return made;
    }
    auto made = co_await connect_any();
    co_return made;
}

/// Open ones first, then those that failed least; among equals brokers before the addresses of the start.
std::vector<cluster_view::link*> cluster_view::candidates() {
    struct candidate {
        std::uint32_t failures;
        std::size_t position;
        link* way;
    };
    std::vector<candidate> all;
    const auto add = [&](const env::socket_address& address, std::size_t position) {
        link* one = &link_to(address);
        if (std::ranges::find(all, one, &candidate::way) != all.end()) return;
        const bool is_open = one->connection && one->connection->is_open();
        all.push_back({is_open ? 0 : one->failures + 1, position, one});
    };
    const std::size_t turned = brokers_.empty() ? 0 : world_.random.next() % brokers_.size();
    std::size_t place = 0;
    for (const auto& [id, address] : brokers_) add(address, (place++ + turned) % brokers_.size());
    for (const env::socket_address& address : options_.bootstrap) add(address, brokers_.size() + place++);
    std::ranges::sort(all, [](const candidate& a, const candidate& b) {
        return std::pair(a.failures, a.position) < std::pair(b.failures, b.position);
    });
    std::vector<link*> ways;
    for (const candidate& one : all) ways.push_back(one.way);
    return ways;
}

env::task<cluster_view::connected> cluster_view::connect_any() {
    connected made = std::unexpected(closed_error());
    const std::vector<link*> all = candidates();
    for (link* const one : all) {
        auto attempted = co_await connect_link(one);
        made = std::move(attempted);
        if (made || closed_) break;
    }
    co_return made;
}

env::task<cluster_view::connected> cluster_view::connect_link(link* to) {
    co_await to->turn.take();
    connected made = std::unexpected(closed_error());
    if (to->connection && to->connection->is_open()) {
        made = to->connection;
    } else if (!closed_) {
        co_await wait_until(to->next_attempt_at);
        auto attempted = co_await attempt(to);
        made = std::move(attempted);
    }
    to->turn.give();
    co_return made;
}

env::task<cluster_view::connected> cluster_view::attempt(link* to) {
    if (closed_) co_return std::unexpected(closed_error());
    auto made = co_await client_connection::connect(world_, to->to, options_.connection);
    if (closed_) {
        if (made) (*made)->close();
        co_return std::unexpected(closed_error());
    }
    if (!made) {
        ++to->failures;
        to->next_attempt_at = world_.time().now() + options_.reconnect.after(to->failures, world_.random);
        co_return std::unexpected(std::move(made).error());
    }
    to->failures = 0;
    to->connection = std::move(*made);
    co_return to->connection;
}

env::task<void> cluster_view::wait_until(env::monotonic_time until) {
    if (world_.time().now() >= until) co_return;
    const env::timer_id timer = world_.loop.start_timer(until, [this] { shut_.tell(); });
    while (!closed_ && world_.time().now() < until) co_await shut_.wait();
    world_.loop.cancel_timer(timer);
}

// --- the end

void cluster_view::shut() {
    closed_ = true;
    shut_.tell();
    for (const auto& [address, one] : links_)
        if (const auto connection = one->connection) connection->close();
}

env::task<void> cluster_view::close() {
    shut();
    co_await inside_.close();
}

}  // namespace logstore::kafka
