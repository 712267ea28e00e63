// One request other than Produce, while it is served.
#pragma once

#include "base/result.h"
#include "door/fair_turns.h"
#include "env/task.h"
#include "kafka/protocol/codec.h"
#include "kafka/protocol/header.h"
#include "kafka/server/budget_take.h"
#include "kafka/server/output_queue.h"
#include "kafka/server/request_hold.h"
#include "kafka/server/serving.h"

namespace logstore::kafka {

/// What a handler works with. Lives until the handler completes; so do the frame's bytes, which decoded
/// messages have views of.
struct request_context {
    /// A request's lists, what its handler keeps for each of their elements, and the elements of the answer
    /// together are at most so many times its lists.
    static constexpr std::size_t growth_of_lists = 8;

    const serving& with;
    const request_frame& request;
    output_queue& output;
    /// Set when nobody waits for the answer any more, or the broker is about to stop: answer soon.
    wait_signal& hurry;
    /// Of all answers that have not left; and how much of it the records in this one take.
    budget_share& answer_memory;
    std::size_t& fetched_bytes;
    /// What the request itself holds.
    request_hold& hold;
    /// Where the address that asks has its account of the shard's time.
    door::fair_turns& turns;
    door::fair_turns::account_number account = 0;

    /// So many elements of a request are looked at before others have their turn, and what that costs.
    static constexpr std::size_t elements_of_turn = 128;
    static constexpr env::duration turn_cost = std::chrono::microseconds(50);
    std::size_t elements_looked_at = 0;
    /// Asked before each element: whether next_turn() must be waited for first.
    bool is_turn_over() { return ++elements_looked_at % elements_of_turn == 0; }
    auto next_turn(env::duration cost = turn_cost) const { return turns.next(account, cost); }

    broker& target() const { return with.target; }
    api_version version() const { return request.header.version; }

    template <message Request>
    result<Request> decode() const {
        std::size_t list_bytes = 0;
        auto decoded = decode_body<Request>(request.body, version(), with.options.request_limits(), list_bytes);
        if (decoded) hold.add(list_bytes * growth_of_lists);
        return decoded;
    }
    /// Completes when answers that have not left leave room for one that may be large. At once where somebody
    /// hurries.
    env::task<void> room_for_answer() const {
        const bool granted = co_await budget_take(answer_memory, 0, hurry);
        (void)granted;
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
