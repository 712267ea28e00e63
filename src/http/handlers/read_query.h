// What a request for records asks for.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "env/clock.h"
#include "http/request_context.h"

namespace logstore::http {

struct read_query {
    /// Where to begin.
    enum class place : std::uint8_t { beginning, end, offset, time };

    std::string topic;
    tablet_id tablet;
    place from = place::beginning;
    /// Of place::offset and place::time.
    std::int64_t from_number = 0;
    std::size_t bytes_max = 0;
    std::size_t records_max = std::numeric_limits<std::size_t>::max();
    env::duration wait{};
    bool is_base64 = false;
    bool is_follow = false;
};

/// From the path, the query and the Last-Event-ID field.
api_result<read_query> understand_read(const request_context& context);

/// The offset at which `query` begins. Both outlive the task.
env::task<api_result<offset>> find_start(request_context* context, const read_query* query);

/// Of a read that failed, with the bounds where the offset is outside of them. REQUIRES: it failed.
api_error error_of_read(const read_outcome& outcome, offset from);

/// Records as server-sent events, without an end. All that is pointed to outlives the task.
env::task<answer> follow_records(request_context* context, const read_query* query, offset from);

}  // namespace logstore::http
