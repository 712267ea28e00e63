// One request other than an append, while it is served.
#pragma once

#include <string>
#include <string_view>

#include "env/task.h"
#include "http/answer.h"
#include "http/serving.h"
#include "http/target.h"

namespace logstore::http {

/// An answer without an end, piece by piece. One shard.
class answer_stream {
  public:
    virtual ~answer_stream() = default;
    /// Sends the head. Once; the answer that the handler returns then says was_streamed.
    virtual void begin(const answer& head) = 0;
    virtual void write(std::string piece) = 0;
    /// Completes when the client has taken most of what was written, or has gone.
    virtual env::task<void> drained() = 0;
};

/// What a handler works with; outlives its task.
struct request_context {
    const serving& with;
    method asked;
    const target& what;
    std::string_view last_event_id;
    bool has_last_event_id;
    /// Of the page that asks; empty where it is none or not allowed.
    std::string_view allowed_origin;
    bytes_view body;
    /// Set when nobody waits for the answer any more, or the server stops: answer soon.
    wait_signal& hurry;
    answer_stream& stream;
    /// Of with.answer_memory: given back when the answer has left.
    std::size_t& held_bytes;

    broker& target_broker() const { return with.target; }
};

using request_handler = env::task<answer> (*)(request_context* context);

/// REQUIRES: the route allows the method, or it is OPTIONS.
request_handler handler_of(route where, method asked);

}  // namespace logstore::http
