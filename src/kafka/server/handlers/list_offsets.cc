// ListOffsets: first, last and by-time offsets of partitions.
#include "kafka/protocol/messages/list_offsets.h"

#include "kafka/server/handlers/handlers.h"
#include "kafka/server/tablet_errors.h"

namespace logstore::kafka {
namespace {

/// What a timestamp asks for in this version; nothing when it has no meaning there.
std::optional<offset_query> query_of(timestamp_ms timestamp, api_version v) {
    if (timestamp == latest_timestamp) return offset_query::latest;
    if (timestamp == earliest_timestamp) return offset_query::earliest;
    if (timestamp == max_timestamp && v >= 7) return offset_query::max_timestamp;
    // Everything is on this broker's own disk.
    if (timestamp == earliest_local_timestamp && v >= 8) return offset_query::earliest;
    if (timestamp >= timestamp_ms(0)) return offset_query::by_timestamp;
    return std::nullopt;
}

env::task<list_offsets_response::partition> list_one(request_context* context, const cluster::topic* known,
                                                     list_offsets_request::partition asked) {
    list_offsets_response::partition answer;
    answer.index = asked.index;
    const auto query = query_of(asked.timestamp, context->version());
    if (!has_partition(known, asked.index)) {
        answer.error = error_code::unknown_topic_or_partition;
    } else if (!query) {
        answer.error = error_code::unsupported_version;
    } else {
        list_offset_request request;
        request.tablet = {known->id, asked.index};
        request.query = *query;
        request.timestamp = asked.timestamp;
        request.current_epoch = asked.current_epoch;
        const list_offset_outcome outcome = co_await context->target().list_offset(request);
        answer.error = read_error(outcome.code);
        if (answer.error == error_code::none) {
            answer.found_offset = offset(outcome.found_offset);
            answer.timestamp = outcome.timestamp;
            answer.epoch = outcome.epoch;
        }
    }
    context->with.metrics.count(answer.error);
    co_return answer;
}

}  // namespace

env::task<result<>> serve_list_offsets(request_context* context) {
    const auto request = context->decode<list_offsets_request>();
    if (!request) co_return std::unexpected(request.error());
    const auto image = context->target().topics();
    list_offsets_response response;
    response.topics.reserve(request->topics.size());
    for (const auto& asked : request->topics) {
        auto& answers = response.topics.emplace_back();
        answers.name = asked.name;
        answers.partitions.reserve(asked.partitions.size());
        const cluster::topic_ptr known = image->find(asked.name);
        for (const auto& part : asked.partitions) {
            if (context->is_turn_over()) co_await context->next_turn();
            answers.partitions.push_back(co_await list_one(context, known.get(), part));
        }
    }
    co_return context->answer(response);
}

}  // namespace logstore::kafka
