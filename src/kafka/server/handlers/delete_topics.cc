// DeleteTopics.
#include "kafka/protocol/messages/delete_topics.h"

#include <unordered_set>

#include "kafka/server/handlers/handlers.h"
#include "kafka/server/topic_errors.h"

namespace logstore::kafka {
namespace {

/// One topic of a request of any version.
using named_topic = delete_topics_request::topic;

std::vector<named_topic> topics_of(const delete_topics_request& request) {
    std::vector<named_topic> all = request.topics;
    all.reserve(all.size() + request.topic_names.size());
    for (const std::string_view name : request.topic_names) all.emplace_back().name = name;
    return all;
}

struct refusal {
    error_code error = error_code::none;
    std::string message;
};

/// The topic that is meant, or why there is none.
cluster::topic_ptr find(const cluster::topic_image& image, const named_topic& asked, refusal& why_not) {
    const bool has_id = !asked.id.is_none();
    if (has_id == asked.name.has_value()) {
        why_not = {error_code::invalid_request, "a topic is named either by its name or by its id"};
        return nullptr;
    }
    cluster::topic_ptr found = has_id ? image.find(asked.id) : image.find(*asked.name);
    if (found == nullptr) {
        why_not = {has_id ? error_code::unknown_topic_id : error_code::unknown_topic_or_partition,
                   "no such topic"};
    }
    return found;
}

env::task<void> delete_one(request_context* context, const named_topic* asked, cluster::topic_ptr found,
                           delete_topics_response::topic* answer) {
    answer->name = found->name;
    answer->id = found->id;
    const auto deleted = co_await context->target().delete_topic(found->id);
    if (deleted) co_return;
    answer->error = delete_topic_error(deleted.error());
    // Deleted by another client meanwhile: said in the words of the question.
    if (answer->error == error_code::unknown_topic_or_partition && !asked->id.is_none()) {
        answer->error = error_code::unknown_topic_id;
    }
    answer->error_message = deleted.error().message();
}

}  // namespace

env::task<result<>> serve_delete_topics(request_context* context) {
    const auto request = context->decode<delete_topics_request>();
    if (!request) co_return std::unexpected(request.error());
    const auto all = topics_of(*request);
    const auto image = context->target().topics();
    std::unordered_set<topic_id> deleted;
    delete_topics_response response;
    response.topics.reserve(all.size());
    for (const named_topic& asked : all) {
        if (context->is_turn_over()) co_await context->next_turn();
        auto& answer = response.topics.emplace_back();
        answer.id = asked.id;
        // Only version 6 can say "no name".
        if (asked.name || context->version() < 6) {
            answer.name = std::string(asked.name.value_or(""));
        } else {
            answer.name.reset();
        }
        refusal why_not;
        cluster::topic_ptr found = find(*image, asked, why_not);
        if (found != nullptr && !deleted.insert(found->id).second) {
            why_not = {error_code::invalid_request, "the request names this topic more than once"};
            found = nullptr;
        }
        if (found != nullptr) {
            co_await delete_one(context, &asked, found, &answer);
        } else {
            answer.error = why_not.error;
            answer.error_message = std::move(why_not.message);
        }
        context->with.metrics.count(answer.error);
    }
    co_return context->answer(response);
}

}  // namespace logstore::kafka
