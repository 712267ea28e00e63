// The cluster as this client knows it: brokers, leaders of partitions, one connection to each broker.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "env/gate.h"
#include "env/turn.h"
#include "env/wake_up.h"
#include "kafka/client/backoff.h"
#include "kafka/client/client_connection.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/messages/metadata.h"
#include "model/topic_partition.h"

namespace logstore::kafka {

struct cluster_options {
    /// Asked first, and again when no other broker answers. At least one.
    std::vector<env::socket_address> bootstrap;
    connection_options connection;
    /// What is known of a topic is asked for again after this.
    env::duration metadata_age_max = std::chrono::minutes(5);
    /// Between attempts to connect to one broker.
    backoff reconnect{std::chrono::milliseconds(50), std::chrono::seconds(1)};
};

/// What was last heard of one topic. Plain value.
struct topic_view {
    /// Why there is nothing to be known: unknown_topic_or_partition, a refusal.
    error_code error = error_code::none;
    /// Of each partition; no_broker where there is none at the moment.
    std::vector<broker_id> leaders;
    env::monotonic_time heard_at;

    static constexpr broker_id no_broker{-1};
    broker_id leader_of(partition_id which) const {
        const auto at = static_cast<std::size_t>(which.value());
        return which.value() >= 0 && at < leaders.size() ? leaders[at] : no_broker;
    }
};

/// One executor. Remembers the topics that refresh() was asked for, and as many brokers as the cluster names.
/// A call makes one attempt, after the time that backoff demands; trying again is the caller's.
class cluster_view {
  public:
    /// `world` outlives the view.
    cluster_view(env::environment world, cluster_options options);
    /// REQUIRES: close() has completed, or nothing was ever asked.
    ~cluster_view();
    cluster_view(const cluster_view&) = delete;
    cluster_view& operator=(const cluster_view&) = delete;

    /// Null until refresh() has brought an answer. Valid until the next refresh.
    const topic_view* find(std::string_view topic) const;
    bool is_old(std::string_view topic) const;
    /// Asks for `topic` and all topics asked for before. When it completes with success find() knows what the
    /// cluster says of it, which may be an error.
    env::task<result<>> refresh(std::string topic);
    /// Asks for the brokers, and for the topics asked for before.
    env::task<result<>> refresh_brokers();
    /// refresh() until the partitions of `topic` are known; tries again until `give_up_at` where no broker
    /// can be reached, not where there is no such topic.
    env::task<result<>> wait_for_topic(std::string topic, env::monotonic_time give_up_at);

    /// An open connection to the broker; null when there is none at the moment.
    std::shared_ptr<client_connection> open_connection(broker_id to) const;
    /// The one connection to the broker, made when there is none. Whoever holds it keeps it from being
    /// destroyed, not from being closed.
    env::task<result<std::shared_ptr<client_connection>>> connect(broker_id to);
    /// A connection to the broker that last said to be the controller, or to any when none is known.
    env::task<result<std::shared_ptr<client_connection>>> connect_to_controller();
    /// Whether the address of the broker is known.
    bool knows(broker_id which) const { return brokers_.contains(which); }
    /// "127.0.0.1:9092"; "broker 7" when its address is not known.
    std::string name_of(broker_id which) const;

    const cluster_options& options() const { return options_; }
    env::environment world() const { return world_; }
    bool is_closed() const { return closed_; }
    /// Why the last attempt of wait_for_topic() failed, while it is under way; nothing when all is well.
    const std::optional<error>& trouble() const { return trouble_; }

    /// Closes the connections at once: what is in flight on them fails, inside this call. Later calls fail
    /// with client_errc::closed.
    void shut();
    /// shut(), then waits for calls that are still under way.
    env::task<void> close();

  private:
    /// A broker by its address.
    struct link {
        link(env::executor& loop, env::socket_address address) : to(std::move(address)), turn(loop) {}
        env::socket_address to;
        /// Of those who want it connected.
        env::turn turn;
        std::shared_ptr<client_connection> connection;
        std::uint32_t failures = 0;
        env::monotonic_time next_attempt_at;
    };
    using connected = result<std::shared_ptr<client_connection>>;

    link& link_to(const env::socket_address& address);
    env::task<connected> connect_link(link* to);
    env::task<connected> attempt(link* to);
    env::task<connected> connect_any();
    std::vector<link*> candidates();
    env::task<result<>> ask(std::optional<std::string> topic);
    /// One question at a time.
    env::task<result<>> ask_in_turn(std::optional<std::string> topic);
    void learn(const metadata_response& answer);
    env::task<void> wait_until(env::monotonic_time until);
    static error closed_error();

    env::environment world_;
    const cluster_options options_;
    std::map<std::string, std::unique_ptr<link>> links_;
    std::map<broker_id, env::socket_address> brokers_;
    broker_id controller_{-1};
    std::map<std::string, topic_view, std::less<>> topics_;
    env::turn asking_;
    /// Questions put to the cluster so far, and the last of them that was answered.
    std::uint64_t questions_ = 0;
    std::uint64_t answered_ = 0;
    env::change_signal shut_;
    std::optional<error> trouble_;
    bool closed_ = false;
    env::gate inside_;
};

}  // namespace logstore::kafka
