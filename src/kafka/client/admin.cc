#include "kafka/client/admin.h"

#include <charconv>
#include <utility>

#include "kafka/client/admin_requests.h"
#include "kafka/client/broker_error.h"
#include "kafka/client/retry_rules.h"

namespace logstore::kafka {
namespace {

bool may_help_to_ask_again(const error& why) {
    const auto code = broker_error_code(why);
    // Answers, for who administers: nothing is waited for that somebody else would have to do.
    if (code == error_code::unknown_topic_or_partition || code == error_code::unknown_topic_id ||
        code == error_code::request_timed_out)
        return false;
    return judge_attempt(why).is_retriable;
}

/// One attempt at what the controller does. `Call` is a function of a connection and what is asked.
template <class Value, class Asked>
struct at_controller {
    using outcome = result<Value>;
    env::task<outcome> (*call)(client_connection*, Asked);
    Asked asked;

    env::task<outcome> run(cluster_view* cluster) {
        const auto connection = co_await cluster->connect_to_controller();
        if (!connection) co_return std::unexpected(connection.error());
        Asked copy = asked;
        auto done = co_await call(connection->get(), std::move(copy));
        if (!done && judge_attempt(done.error()).refreshes_metadata)
            (void)co_await cluster->refresh_brokers();
        co_return done;
    }
};

/// The same at one broker.
template <class Value, class Asked>
struct at_broker {
    using outcome = result<Value>;
    env::task<outcome> (*call)(client_connection*, Asked);
    broker_id to;
    Asked asked;

    env::task<outcome> run(cluster_view* cluster) {
        // Brokers without an address are learnt of first.
        if (!cluster->knows(to)) {
            auto refreshed = co_await cluster->refresh_brokers();
            if (!refreshed) co_return std::unexpected(std::move(refreshed).error());
        }
        if (!cluster->knows(to)) co_return std::unexpected(broker_error(error_code::broker_not_available));
        const auto connection = co_await cluster->connect(to);
        if (!connection) co_return std::unexpected(connection.error());
        Asked copy = asked;
        co_return co_await call(connection->get(), std::move(copy));
    }
};

/// One round over the leaders of the partitions that are not settled yet. Whoever retries it keeps it: what
/// was answered stays in `found`.
template <class Value, class Asked>
struct at_leaders {
    using outcome = result<>;
    env::task<result<by_partition<Value>>> (*call)(client_connection*, std::string topic,
                                                   std::map<partition_id, Asked>);
    std::string topic;
    const std::map<partition_id, Asked>* asked;
    by_partition<Value>* found;

    env::task<outcome> run(cluster_view* cluster) {
        auto refreshed = co_await cluster->refresh(topic);
        if (!refreshed) co_return refreshed;
        const topic_view* view = cluster->find(topic);
        if (view->error != error_code::none) co_return std::unexpected(broker_error(view->error));
        outcome last;
        std::map<broker_id, std::map<partition_id, Asked>> by_leader;
        for (const auto& [partition, what] : *asked) {
            if (const auto at = found->find(partition); at != found->end() && is_settled(at->second))
                continue;
            const bool exists =
                partition.value() >= 0 && static_cast<std::size_t>(partition.value()) < view->leaders.size();
            const error_code why =
                exists ? error_code::leader_not_available : error_code::unknown_topic_or_partition;
            found->insert_or_assign(partition, std::unexpected(broker_error(why)));
            const broker_id leader = view->leader_of(partition);
            if (leader != topic_view::no_broker)
                by_leader[leader].emplace(partition, what);
            else if (exists)
                last = std::unexpected(broker_error(why));
        }
        for (auto& [leader, its] : by_leader) {
            auto told = co_await ask(cluster, leader, its);
            if (!told) last = std::move(told);
        }
        co_return last;
    }

  private:
    static bool is_settled(const result<Value>& told) { return told || !may_help_to_ask_again(told.error()); }

    env::task<outcome> ask(cluster_view* cluster, broker_id leader, std::map<partition_id, Asked> its) {
        const auto connection = co_await cluster->connect(leader);
        outcome last;
        if (!connection) {
            last = std::unexpected(connection.error());
        } else {
            auto copy = its;
            auto told = co_await call(connection->get(), topic, std::move(copy));
            if (told) {
                for (auto& [partition, one] : *told) {
                    if (!is_settled(one)) last = std::unexpected(one.error());
                    if (its.contains(partition)) found->insert_or_assign(partition, std::move(one));
                }
                co_return last;
            }
            last = std::unexpected(std::move(told).error());
        }
        for (const auto& [partition, what] : its)
            found->insert_or_assign(partition, std::unexpected(last.error()));
        co_return last;
    }
};

env::task<result<metadata_response>> ask_for_topics(client_connection* connection,
                                                    std::optional<std::vector<std::string>> names) {
    return fetch_metadata(connection, std::move(names));
}

}  // namespace

template <class Attempt>
env::task<typename Attempt::outcome> admin::retried(Attempt attempt) {
    const env::environment world = cluster_.world();
    const env::monotonic_time give_up_at = world.time().now() + options_.timeout;
    for (std::uint32_t failures = 1;; ++failures) {
        auto done = co_await attempt.run(&cluster_);
        if (done || !may_help_to_ask_again(done.error()) || cluster_.is_closed()) co_return done;
        const env::duration wait = options_.between_attempts.after(failures, world.random);
        if (world.time().now() + wait >= give_up_at) co_return done;
        co_await env::sleep(world.loop, wait);
    }
}

env::task<result<metadata_response>> admin::describe_topics(std::optional<std::vector<std::string>> names) {
    return retried(at_controller<metadata_response, std::optional<std::vector<std::string>>>{
        &ask_for_topics, std::move(names)});
}

env::task<result<created_topic>> admin::create_topic(new_topic wanted) {
    return retried(at_controller<created_topic, new_topic>{&kafka::create_topic, std::move(wanted)});
}

env::task<result<>> admin::delete_topic(std::string name) {
    return retried(at_controller<void, std::string>{&kafka::delete_topic, std::move(name)});
}

env::task<result<>> admin::create_partitions(new_partitions wanted) {
    return retried(at_controller<void, new_partitions>{&request_partitions, std::move(wanted)});
}

env::task<result<std::vector<describe_configs_response::config>>> admin::describe_configs(
    config_question asked) {
    using configs = std::vector<describe_configs_response::config>;
    if (asked.type == config_resource_type::broker) {
        std::int32_t number = -1;
        const char* end = asked.name.data() + asked.name.size();
        const auto parsed = std::from_chars(asked.name.data(), end, number);
        if (parsed.ec == std::errc() && parsed.ptr == end)
            return retried(
                at_broker<configs, config_question>{&request_configs, broker_id(number), std::move(asked)});
    }
    return retried(at_controller<configs, config_question>{&request_configs, std::move(asked)});
}

env::task<result<describe_cluster_response>> admin::describe_cluster(bool with_authorized_operations) {
    return retried(
        at_controller<describe_cluster_response, bool>{&request_cluster, with_authorized_operations});
}

env::task<result<std::vector<describe_log_dirs_response::folder>>> admin::describe_log_dirs(
    broker_id of, std::optional<std::map<std::string, std::vector<partition_id>>> topics) {
    return retried(at_broker<std::vector<describe_log_dirs_response::folder>, log_dirs_question>{
        &request_log_dirs, of, std::move(topics)});
}

env::task<result<by_partition<offset>>> admin::delete_records(std::string topic,
                                                              std::map<partition_id, offset> up_to) {
    by_partition<offset> found;
    at_leaders<offset, offset> attempt{&request_deletion, std::move(topic), &up_to, &found};
    auto done = co_await retried(std::move(attempt));
    // What single partitions met is said of them.
    if (!done && found.empty()) co_return std::unexpected(std::move(done).error());
    co_return found;
}

env::task<result<by_partition<found_epoch_end>>> admin::ends_of_epoch(std::string topic,
                                                                      std::vector<partition_id> partitions,
                                                                      leader_epoch epoch) {
    std::map<partition_id, leader_epoch> asked;
    for (const partition_id one : partitions) asked.emplace(one, epoch);
    by_partition<found_epoch_end> found;
    at_leaders<found_epoch_end, leader_epoch> attempt{&request_epoch_ends, std::move(topic), &asked, &found};
    auto done = co_await retried(std::move(attempt));
    if (!done && found.empty()) co_return std::unexpected(std::move(done).error());
    co_return found;
}

}  // namespace logstore::kafka
