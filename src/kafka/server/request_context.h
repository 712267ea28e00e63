// One request other than Produce, while it is served.
#pragma once

#include "base/result.h"
#include "env/task.h"
#include "kafka/protocol/codec.h"
#include "kafka/protocol/header.h"
#include "shard/byte_budget.h"
#include "kafka/server/output_queue.h"
#include "kafka/server/serving.h"

namespace logstore::kafka {

/// What a handler works with. Lives until the handler completes; so do the frame's bytes, which decoded
/// messages have views of.
struct request_context {
    const serving& with;
    const request_frame& request;
    output_queue& output;
    /// Set when nobody waits for the answer any more, or the broker is about to stop: answer soon.
    wait_signal& hurry;
    /// Of all records that are fetched; and how much of it the connection holds until they have left.
    budget_share& fetch_memory;
    std::size_t& fetched_bytes;

    broker& target() const { return with.target; }
    api_version version() const { return request.header.version; }

    template <message Request>
    result<Request> decode() const {
        return decode_body<Request>(request.body, version(), with.options.request_limits());
    }

    template <message Response>
    result<> answer(const Response& response) const {
        return append_response(output.bytes(), version(), request.header.correlation_id, response);
    }
};

/// Serves one request: answers it, or fails when it cannot be understood; then the connection is closed.
/// The context outlives the task.
using request_handler = env::task<result<>> (*)(request_context* context);

}  // namespace logstore::kafka
