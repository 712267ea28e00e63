// FindCoordinator: there are no consumer groups and no transactions here yet, and clients are told so in
// words they retry on.
#include "kafka/protocol/messages/find_coordinator.h"

#include "kafka/server/handlers/handlers.h"

namespace logstore::kafka {
namespace {
constexpr const char* reason = "this broker has no consumer groups and no transactions";
}

env::task<result<>> serve_find_coordinator(request_context* context) {
    const auto request = context->decode<find_coordinator_request>();
    if (!request) co_return std::unexpected(request.error());
    find_coordinator_response response;
    if (context->version() < 4) {
        response.error = error_code::coordinator_not_available;
        response.error_message = reason;
        context->with.metrics.count(response.error);
    } else {
        response.coordinators.reserve(request->keys.size());
        for (const std::string_view key : request->keys) {
            auto& answer = response.coordinators.emplace_back();
            answer.key = key;
            answer.error = error_code::coordinator_not_available;
            answer.error_message = reason;
            context->with.metrics.count(answer.error);
        }
    }
    co_return context->answer(response);
}

}  // namespace logstore::kafka
