// DeleteRecords: the log start moves, durably, before the answer.
#include "kafka/protocol/messages/delete_records.h"

#include <algorithm>
#include <vector>

#include "env/gate.h"
#include "kafka/server/handlers/handlers.h"
#include "kafka/server/internal_topics.h"
#include "kafka/server/tablet_errors.h"

namespace logstore::kafka {
namespace {

/// So many share a group of the journal, and so a flush, where one after the other would wait for one each.
constexpr std::size_t moved_together = 64;

/// A partition of the request and its place in the answer.
struct deletion {
    log_start_request request;
    delete_records_response::partition* answer = nullptr;
};

struct deletions {
    request_context* context;
    std::vector<deletion> all;
    std::size_t next = 0;
};

env::task<> delete_next(deletions* work) {
    request_context& context = *work->context;
    while (work->next < work->all.size()) {
        const deletion& one = work->all[work->next++];
        // Nobody waits for the answer, or the broker is about to stop: nothing more is begun.
        if (context.hurry.is_set()) {
            one.answer->error = error_code::request_timed_out;
        } else {
            const log_start_outcome outcome = co_await context.target().move_log_start(one.request);
            one.answer->error = log_start_error(outcome.code);
            if (one.answer->error == error_code::none) one.answer->low_watermark = outcome.log_start;
        }
        context.with.metrics.count(one.answer->error);
    }
}

/// Why nothing of it can be deleted; none where it can be tried.
error_code refusal_of(const cluster::topic* known, const delete_records_request::partition& asked) {
    if (!has_partition(known, asked.index)) return error_code::unknown_topic_or_partition;
    if (is_internal_topic(known->name)) return error_code::invalid_topic_exception;
    return error_code::none;
}

}  // namespace

env::task<result<>> serve_delete_records(request_context* context) {
    const auto request = context->decode<delete_records_request>();
    if (!request) co_return std::unexpected(request.error());
    const auto image = context->target().topics();
    delete_records_response response;
    for (const auto& asked : request->topics) {
        auto& answers = response.topics.emplace_back();
        answers.name = asked.name;
        answers.partitions.resize(asked.partitions.size());
    }
    // The lists of the answer have their sizes: their elements stay where they are.
    deletions work{context, {}, 0};
    for (std::size_t t = 0; t < request->topics.size(); ++t) {
        const auto& asked = request->topics[t];
        const cluster::topic_ptr known = image->find(asked.name);
        for (std::size_t p = 0; p < asked.partitions.size(); ++p) {
            auto& answer = response.topics[t].partitions[p];
            answer.index = asked.partitions[p].index;
            answer.error = refusal_of(known.get(), asked.partitions[p]);
            context->with.metrics.count(answer.error);
            if (answer.error != error_code::none) continue;
            deletion& one = work.all.emplace_back();
            one.answer = &answer;
            one.request.tablet = {known->id, answer.index};
            const offset up_to = asked.partitions[p].up_to;
            if (up_to != delete_records_request::high_watermark) one.request.to = up_to;
        }
    }
    env::gate together;
    const std::size_t lanes = std::min(work.all.size(), moved_together);
    for (std::size_t lane = 0; lane < lanes; ++lane) env::spawn(together, delete_next(&work));
    co_await together.close();
    co_return context->answer(response);
}

}  // namespace logstore::kafka
