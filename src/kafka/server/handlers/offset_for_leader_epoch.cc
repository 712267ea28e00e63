// OffsetForLeaderEpoch: where leader epochs end, so that others find where their logs part from this one.
#include "kafka/protocol/messages/offset_for_leader_epoch.h"

#include "kafka/server/handlers/handlers.h"
#include "kafka/server/tablet_errors.h"

namespace logstore::kafka {
namespace {

env::task<offset_for_leader_epoch_response::partition> find_one(
    request_context* context, const cluster::topic* known, offset_for_leader_epoch_request::partition asked) {
    offset_for_leader_epoch_response::partition answer;
    answer.index = asked.index;
    if (has_partition(known, asked.index)) {
        epoch_end_request request;
        request.tablet = {known->id, asked.index};
        request.wanted = asked.epoch;
        request.current_epoch = asked.current_epoch;
        const epoch_end_outcome outcome = co_await context->target().find_epoch_end(request);
        answer.error = read_error(outcome.code);
        if (answer.error == error_code::none) {
            answer.epoch = outcome.end.epoch;
            answer.end = outcome.end.end;
        }
    } else {
        answer.error = error_code::unknown_topic_or_partition;
    }
    context->with.metrics.count(answer.error);
    co_return answer;
}

}  // namespace

env::task<result<>> serve_offset_for_leader_epoch(request_context* context) {
    const auto request = context->decode<offset_for_leader_epoch_request>();
    if (!request) co_return std::unexpected(request.error());
    const auto image = context->target().topics();
    offset_for_leader_epoch_response response;
    response.topics.reserve(request->topics.size());
    for (const auto& asked : request->topics) {
        auto& answers = response.topics.emplace_back();
        answers.name = asked.name;
        answers.partitions.reserve(asked.partitions.size());
        const cluster::topic_ptr known = image->find(asked.name);
        for (const auto& part : asked.partitions) {
            if (context->is_turn_over()) co_await context->next_turn();
            answers.partitions.push_back(co_await find_one(context, known.get(), part));
        }
    }
    co_return context->answer(response);
}

}  // namespace logstore::kafka
