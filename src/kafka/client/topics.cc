#include "kafka/client/topics.h"

#include <fmt/format.h>

#include "kafka/client/broker_error.h"
#include "kafka/protocol/messages/create_topics.h"
#include "kafka/protocol/messages/delete_topics.h"

namespace logstore::kafka {
namespace {

constexpr std::int32_t broker_default = -1;

std::int32_t timeout_ms_of(const client_connection& connection) {
    const auto timeout =
        std::chrono::duration_cast<std::chrono::milliseconds>(connection.options().request_timeout);
    return static_cast<std::int32_t>(
        std::min<std::int64_t>(timeout.count(), std::numeric_limits<std::int32_t>::max()));
}

std::unexpected<error> wrong_topic_count(std::size_t count) {
    return fail(client_errc::bad_response,
                fmt::format("an answer about {} topics to a request about one", count));
}

}  // namespace

env::task<result<metadata_response>> fetch_metadata(client_connection* connection,
                                                    std::optional<std::vector<std::string>> topics) {
    metadata_request request;
    request.allow_auto_topic_creation = false;
    if (topics) {
        request.topics.emplace();
        for (const std::string& name : *topics) request.topics->push_back({{}, name});
    }
    auto answer = co_await connection->call<metadata_response>(std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return std::move(answer->message);
}

env::task<result<created_topic>> create_topic(client_connection* connection, new_topic topic) {
    create_topics_request request;
    request.timeout_ms = timeout_ms_of(*connection);
    create_topics_request::topic& asked = request.topics.emplace_back();
    asked.name = topic.name;
    asked.partition_count = topic.partition_count.value_or(broker_default);
    asked.replication_factor = topic.replication_factor.value_or(std::int16_t(broker_default));
    for (const auto& [name, value] : topic.configs) asked.configs.push_back({name, value});

    auto answer = co_await connection->call<create_topics_response>(std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (answer->message.topics.size() != 1) co_return wrong_topic_count(answer->message.topics.size());
    const create_topics_response::topic& made = answer->message.topics.front();
    if (made.error != error_code::none)
        co_return std::unexpected(broker_error(made.error, made.error_message));
    created_topic created;
    created.id = made.id;
    if (made.partition_count >= 0) created.partition_count = made.partition_count;
    co_return created;
}

env::task<result<>> delete_topic(client_connection* connection, std::string name) {
    delete_topics_request request;
    request.timeout_ms = timeout_ms_of(*connection);
    request.topics.push_back({name, {}});
    request.topic_names.push_back(name);

    auto answer = co_await connection->call<delete_topics_response>(std::move(request));
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (answer->message.topics.size() != 1) co_return wrong_topic_count(answer->message.topics.size());
    const delete_topics_response::topic& gone = answer->message.topics.front();
    if (gone.error != error_code::none)
        co_return std::unexpected(broker_error(gone.error, gone.error_message));
    co_return result<>();
}

}  // namespace logstore::kafka
