// How a connection takes requests in: head, body, who serves them.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "http/connection.h"

namespace logstore::http {
namespace {

/// The body of a request is counted in steps of this as it comes.
constexpr std::size_t hold_step_bytes = std::size_t(16) << 10;

bool is_json(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find_first_of("; \t"));
    return type.size() == json_type.size() && std::ranges::equal(type, json_type, {}, [](char c) {
               return c >= 'A' && c <= 'Z' ? char(c + 32) : c;
           });
}

}  // namespace

bool connection::take_next() {
    switch (phase_) {
        case phase::head: return take_head();
        case phase::body: return take_body();
        case phase::whole: return dispatch();
        case phase::failed: return answer_failure();
    }
    CHECK(false);
}

bool connection::take_head() {
    const std::size_t limit = with_.options.head_bytes_max;
    const auto found = scanner_.scan(rest());
    if (found == head_scanner::verdict::bad) {
        return fail({400, "bad_request", "the head of the request is not HTTP/1.1"}, true);
    }
    const bool is_whole = found == head_scanner::verdict::whole;
    if ((is_whole ? scanner_.head_bytes() : rest().size()) > limit) {
        if (scanner_.first_line_bytes() > limit)
            return fail({414, "target_too_long", "the path is too long"}, true);
        return fail({431, "head_too_large", fmt::format("the head of a request has {} bytes at most", limit)},
                    true);
    }
    if (!is_whole) return false;
    const auto head = parse_request_head(rest().first(scanner_.head_bytes()));
    if (!head) return fail(head.error(), true);
    const bool announces_body = head->announces_body();
    const auto admitted = admit(*head);
    used_ += scanner_.head_bytes();
    scanner_ = {};
    if (!admitted) return fail(admitted.error(), announces_body);
    phase_ = announces_body ? phase::body : phase::whole;
    return true;
}

/// Keeps what is needed of a head, which goes with the bytes it lies in.
api_result<> connection::admit(const request_head& head) {
    request_.asked = head.method;
    request_.is_version_1_1 = head.is_version_1_1;
    request_.keeps_alive = head.keeps_alive;
    if (auto allowed = with_.origins.check(head); !allowed) return allowed;
    if (head.origin && with_.origins.is_allowed_origin(*head.origin)) request_.allowed_origin = *head.origin;
    if (head.last_event_id) request_.last_event_id = *head.last_event_id;
    if (head.method == method::options && head.target == "*") {
        request_.what.where = route::page;
    } else {
        auto what = parse_target(head.target);
        if (!what) return std::unexpected(std::move(what).error());
        request_.what = std::move(*what);
    }
    const route where = request_.what.where;
    if (where == route::none)
        return refuse(404, "unknown_path", "there is no such path; GET /openapi.yaml describes all");
    if (!allows(where, head.method) && head.method != method::options) {
        api_error why(405, "method_not_allowed",
                      fmt::format("{} takes {}", route_name(where), allowed_methods(where)));
        why.allowed_methods = allowed_methods(where);
        return std::unexpected(std::move(why));
    }
    return admit_body(head);
}

api_result<> connection::admit_body(const request_head& head) {
    if (!takes_body(request_.what.where, head.method)) {
        if (head.announces_body()) return refuse(400, "unexpected_body", "this request takes no body");
        return {};
    }
    const bool has_length = head.is_chunked || head.content_length.has_value();
    if (!has_length && head.method == method::post) {
        return refuse(411, "length_required",
                      "the request needs a body, and a Content-Length or chunks to tell its end");
    }
    // Also what keeps the forms of other sites out: a browser asks before it sends JSON elsewhere.
    if ((head.announces_body() || head.method == method::post) && !is_json(head.content_type.value_or(""))) {
        return refuse(415, "unsupported_media_type",
                      "the body must be JSON; send Content-Type: application/json");
    }
    if (head.content_length.value_or(0) > with_.options.body_bytes_max) {
        return refuse(413, "body_too_large",
                      fmt::format("a body has {} bytes at most; send fewer records at a time",
                                  with_.options.body_bytes_max));
    }
    request_.content_length = static_cast<std::size_t>(head.content_length.value_or(0));
    if (head.is_chunked) request_.chunks.emplace(with_.options.body_bytes_max);
    request_.awaits_continue = head.expects_continue && head.is_version_1_1 && head.announces_body();
    return {};
}

bool connection::take_body() {
    const bool had_bytes = !rest().empty();
    if (request_.chunks) {
        const auto is_whole = take_chunks();
        if (!is_whole) return fail(is_whole.error(), true);
        if (*is_whole) return phase_ = phase::whole, true;
    } else if (rest().size() >= request_.content_length) {
        return phase_ = phase::whole, true;
    }
    if (request_.awaits_continue && !had_bytes) {
        if (first_slot_ != nullptr) return false;  // its answer comes first
        request_.awaits_continue = false;
        output_.text() += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    if (!hold(rest().size() + chunked_body_.size())) return fail(overloaded(), true);
    return false;
}

api_result<bool> connection::take_chunks() {
    const auto used = request_.chunks->decode(rest(), chunked_body_);
    if (!used) return std::unexpected(used.error());
    used_ += *used;
    return request_.chunks->is_done();
}

/// Counts what has arrived of a body among the requests of the process. Small ones are counted when they are
/// whole.
bool connection::hold(std::size_t bytes) {
    if (bytes < hold_step_bytes) return true;
    const std::size_t wanted = (bytes + hold_step_bytes - 1) / hold_step_bytes * hold_step_bytes;
    if (wanted <= request_bytes_held_) return true;
    if (!with_.request_memory.try_take(wanted - request_bytes_held_)) return false;
    request_bytes_held_ = wanted;
    return true;
}

bool connection::dispatch() {
    if (request_.begun == env::monotonic_time()) request_.begun = now();
    const bool is_append = request_.asked == method::post && (request_.what.where == route::append ||
                                                              request_.what.where == route::topic_records);
    if (is_append) return take_append();
    answer_done_slots();
    if (first_slot_ != nullptr || state_ != state::open) return false;
    take_other();
    return true;
}

void connection::take_other() {
    is_serving_ = true;
    const bytes_view bytes = body();
    env::spawn(gate_, serve(byte_vector(bytes.begin(), bytes.end())));
}

env::task<void> connection::serve(byte_vector body_bytes) {
    request_context context{
        with_,
        request_.asked,
        request_.what,
        request_.last_event_id ? std::string_view(*request_.last_event_id) : std::string_view(),
        request_.last_event_id.has_value(),
        request_.allowed_origin,
        body_bytes,
        hurry_,
        *this,
        answer_bytes_held_};
    const request_handler handler = handler_of(request_.what.where, request_.asked);
    answer made = co_await handler(&context);
    is_serving_ = false;
    if (state_ == state::closed) {
        with_.answer_memory.give_back(std::exchange(answer_bytes_held_, 0));
    } else if (made.is_unknown) {
        close_in_place("it is not known whether a change of topics was made");
    } else if (!made.was_streamed) {
        count_time(request_.what.where, request_.begun);
        write_answer(std::move(made), how(), request_.what.where);
    } else if (request_.is_version_1_1) {
        output_.text() += "0\r\n\r\n";
    }
    const bool keeps_alive = how().keeps_alive && (!made.was_streamed || request_.is_version_1_1);
    next_request();
    if (!keeps_alive && state_ == state::open) state_ = state::finishing;
    work();
}

/// The request that comes next is answered with an error, in its turn. Always true: there is something to do.
bool connection::fail(api_error why, bool ends_connection) {
    failure_ = std::move(why);
    failure_ends_connection_ = ends_connection;
    if (phase_ == phase::whole) use_up_body();
    phase_ = phase::failed;
    return true;
}

bool connection::answer_failure() {
    answer_done_slots();
    if (first_slot_ != nullptr || state_ != state::open) return false;
    sending as = how();
    if (failure_ends_connection_) as.keeps_alive = false;
    count_time(request_.what.where, request_.begun);
    write_answer(answer_of(*failure_), as, request_.what.where);
    next_request();
    if (!as.keeps_alive) state_ = state::finishing;
    return as.keeps_alive;
}

void connection::use_up_body() {
    if (!request_.chunks) used_ += std::exchange(request_.content_length, 0);
}

void connection::next_request() {
    if (phase_ == phase::whole) use_up_body();
    request_ = {};
    chunked_body_ = {};
    failure_.reset();
    phase_ = phase::head;
    arriving_ticks_ = 0;
    with_.request_memory.give_back(std::exchange(request_bytes_held_, 0));
}

}  // namespace logstore::http
