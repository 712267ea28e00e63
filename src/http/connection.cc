#include "http/connection.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace logstore::http {
namespace {

constexpr std::string_view default_topic = "default";
/// Larger bodies are handed to the stream as they are.
constexpr std::size_t copied_body_bytes_max = std::size_t(16) << 10;
/// Received requests that wait for the one before.
constexpr std::size_t waiting_input_bytes_max = std::size_t(16) << 10;
/// What an idle connection keeps.
constexpr std::size_t kept_input_bytes = std::size_t(4) << 10;
/// The body of a request is counted in steps of this as it comes.
constexpr std::size_t hold_step_bytes = std::size_t(64) << 10;
/// A stream of records goes on when the client has left no more than this.
constexpr std::size_t drained_bytes = std::size_t(64) << 10;

bool is_json(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find_first_of("; \t"));
    return type.size() == json_type.size() && std::ranges::equal(type, json_type, {}, [](char c) {
               return c >= 'A' && c <= 'Z' ? char(c + 32) : c;
           });
}

api_error overloaded() {
    constexpr int soon_s = 1;
    return {503, "overloaded", "the server has no memory for this request at the moment; try again", soon_s};
}

}  // namespace

connection::connection(const serving& with, connection_owner& owner, std::unique_ptr<env::stream> socket)
    : with_(with), owner_(owner), stream_(std::move(socket)) {}

connection::~connection() {
    CHECK(first_slot_ == nullptr && !is_serving_ && !awaits_burst_end_ && in_flight_bytes_ == 0 &&
          request_bytes_held_ == 0 && answer_bytes_held_ == 0);
}

// --- receiving

void connection::on_received(bytes_view bytes) {
    quiet_ticks_ = 0;
    with_.metrics.received_bytes += bytes.size();
    if (state_ != state::open) return;  // the stream may still deliver; nobody will look at it
    input_.insert(input_.end(), bytes.begin(), bytes.end());
    work();
}

void connection::on_sent(std::size_t) {
    quiet_ticks_ = 0;
    note_sent();
    wake_drained();
    work();
}

void connection::on_closed(error) {
    state_ = state::closed;
    stream_.reset();
    output_.discard();
    hurry_.set();
    wake_drained();
    with_.request_memory.give_back(std::exchange(request_bytes_held_, 0));
    with_.answer_memory.give_back(std::exchange(answer_bytes_held_, 0));
    update_end();
}

void connection::update_receiving() {
    if (state_ == state::closed || state_ == state::closing) return;
    const bool is_unsent = stream_->pending_send_bytes() > with_.options.unsent_bytes_soft_max;
    const bool is_behind = phase_ != phase::body && rest().size() >= waiting_input_bytes_max;
    const bool must_pause = state_ == state::open && (is_unsent || is_behind);
    if (must_pause == is_paused_) return;
    is_paused_ = must_pause;
    if (must_pause) {
        stream_->pause_receiving();
    } else {
        stream_->resume_receiving();
    }
}

// --- taking requests

void connection::work() {
    if (is_working_) return;
    is_working_ = true;
    while (may_take_request() && take_next()) {
    }
    if (used_ > 0) {
        input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used_));
        used_ = 0;
        if (input_.empty() && input_.capacity() > kept_input_bytes) input_ = {};
    }
    answer_done_slots();
    is_working_ = false;
    send_output();
    update_receiving();
    update_end();
}

bool connection::may_take_request() const {
    if (state_ != state::open || is_serving_) return false;
    if (slots_ >= with_.options.in_flight_appends_per_connection ||
        in_flight_bytes_ >= with_.options.in_flight_bytes_per_connection) {
        return false;
    }
    return stream_->pending_send_bytes() + output_.size_bytes() <= with_.options.unsent_bytes_soft_max;
}

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
    const bool is_append = request_.asked == method::post && (request_.what.where == route::append ||
                                                              request_.what.where == route::topic_records);
    if (is_append) return take_append();
    answer_done_slots();
    if (first_slot_ != nullptr || state_ != state::open) return false;
    take_other();
    return true;
}

bool connection::take_append() {
    const auto is_started = start_append();
    if (is_started) {
        if (*is_started) next_request();
        return *is_started;
    }
    const api_error why = is_started.error();
    return fail(why, false);
}

/// False: it must wait.
api_result<bool> connection::start_append() {
    const bool is_list = request_.what.where == route::topic_records;
    const bytes_view body_bytes = body();
    const auto records =
        is_list ? with_.bodies.read_records(body_bytes) : with_.bodies.read_append(body_bytes);
    if (!records) return std::unexpected(records.error());
    std::string_view name = is_list ? std::string_view(request_.what.topic) : (*records)->topic;
    if (name.empty()) name = default_topic;
    const cluster::topic* to = with_.topics.find(with_.target.topics(), name);
    if (to == nullptr) {
        if (!is_legal_topic_name(name)) {
            return refuse(
                400, "invalid_topic_name",
                "a topic's name has 1 to 249 letters, digits, '.', '_' and '-', and is not '.' or '..'");
        }
        const bool may_make = with_.options.auto_create_topics && !request_.has_made_topic;
        if (!may_make) return std::unexpected(unknown_topic(name));
        answer_done_slots();
        if (first_slot_ != nullptr || state_ != state::open) return false;
        is_serving_ = true;
        env::spawn(gate_, make_topic(std::string(name)));
        return false;
    }
    const std::size_t held = std::max(request_bytes_held_, body_bytes.size());
    if (!with_.request_memory.try_take(held - request_bytes_held_)) return std::unexpected(overloaded());
    request_bytes_held_ = held;
    auto slot = std::make_unique<append_slot>();
    if (auto started = slot->start(with_, *to, **records, is_list, *this); !started) {
        return std::unexpected(std::move(started).error());
    }
    slot->held_bytes = std::exchange(request_bytes_held_, 0);
    in_flight_bytes_ += slot->held_bytes;
    slot->how = how();
    slot->allowed_origin = std::move(request_.allowed_origin);
    slot->where = request_.what.where;
    append_slot* const added = slot.get();
    (last_slot_ != nullptr ? last_slot_->next : first_slot_) = std::move(slot);
    last_slot_ = added;
    ++slots_;
    // What comes after the last request is not looked at.
    if (!added->how.keeps_alive) state_ = state::finishing;
    return true;
}

env::task<void> connection::make_topic(std::string name) {
    cluster::new_topic wanted;
    wanted.name = name;
    const auto made = co_await with_.target.create_topic(std::move(wanted));
    is_serving_ = false;
    request_.has_made_topic = true;
    const bool is_there =
        made || with_.target.topics()->find(name) != nullptr;  // another client may have been faster
    if (!is_there && state_ != state::closed) {
        const auto why = topic_error(made.error());
        if (why) {
            fail(*why, false);
        } else {
            close_in_place("it is not known whether the topic for its append was made");
        }
    }
    work();
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

// --- answering

sending connection::how() const {
    sending as;
    as.asked = request_.asked;
    as.is_version_1_1 = request_.is_version_1_1;
    as.keeps_alive = request_.keeps_alive && !with_.is_stopping;
    as.allowed_origin = request_.allowed_origin;
    return as;
}

void connection::write_answer(answer what, const sending& as, route where) {
    sending dated = as;
    dated.date = with_.date.now();
    append_answer_head(output_.text(), what, dated);
    with_.metrics.count(where, what.status);
    if (as.asked == method::head || what.body.empty()) return;
    if (what.body.size() <= copied_body_bytes_max) {
        output_.text() += what.body;
    } else {
        output_.add(std::move(what.body));
    }
}

void connection::on_appended(append_slot& slot) {
    // It will end the connection when its turn comes: nothing more is appended until then.
    if (slot.is_outcome_unknown() && state_ == state::open) state_ = state::finishing;
    if (std::exchange(awaits_burst_end_, true)) return;
    with_.target.after_burst(*this);
}

void connection::on_burst_end() {
    awaits_burst_end_ = false;
    answer_done_slots();
    work();
}

void connection::answer_done_slots() {
    while (first_slot_ != nullptr && first_slot_->is_done()) {
        append_slot& done = *first_slot_;
        if (state_ == state::open || state_ == state::finishing) {
            if (done.is_outcome_unknown()) {
                close_in_place("it is not known whether its append is durable");
            } else {
                done.how.allowed_origin = done.allowed_origin;
                write_answer(done.make_answer(), done.how, done.where);
            }
        }
        in_flight_bytes_ -= done.held_bytes;
        with_.request_memory.give_back(done.held_bytes);
        std::unique_ptr<append_slot> next = std::move(done.next);
        first_slot_ = std::move(next);
        if (first_slot_ == nullptr) last_slot_ = nullptr;
        --slots_;
    }
}

void connection::close_in_place(std::string_view why) {
    ++with_.metrics.connections_closed_unanswered;
    with_.log.write("closed the connection of {}: {}", stream_->peer(), why);
    send_output();
    state_ = state::closing;
    stream_->close_after_sending();
}

void connection::send_output() {
    if (output_.is_empty()) return;
    if (state_ != state::open && state_ != state::finishing) {
        output_.discard();
        return;
    }
    with_.metrics.sent_bytes += output_.size_bytes();
    sent_bytes_ += output_.size_bytes();
    output_.send(*stream_);
    stream_->flush();
    note_sent();
}

/// The memory of answers is let go when all of them have left, not piece by piece: it is soon enough.
void connection::note_sent() {
    if (answer_bytes_held_ == 0 || is_serving_ || stream_->pending_send_bytes() > 0 || !output_.is_empty())
        return;
    with_.answer_memory.give_back(std::exchange(answer_bytes_held_, 0));
}

void connection::begin(const answer& head) {
    sending as = how();
    if (!as.is_version_1_1) as.keeps_alive = false;
    as.date = with_.date.now();
    append_answer_head(output_.text(), head, as, true);
    with_.metrics.count(request_.what.where, head.status);
    send_output();
}

void connection::write(std::string piece) {
    if (piece.empty() || state_ == state::closed || state_ == state::closing) return;
    if (request_.is_version_1_1) {
        fmt::format_to(std::back_inserter(output_.text()), "{:x}\r\n", piece.size());
        output_.add(std::move(piece));
        output_.text() += "\r\n";
    } else {
        output_.add(std::move(piece));
    }
    send_output();
}

env::task<void> connection::drained() {
    struct awaiter {
        connection& self;
        bool await_ready() const noexcept {
            return self.stream_ == nullptr || self.state_ == state::closing ||
                   self.stream_->pending_send_bytes() <= drained_bytes;
        }
        void await_suspend(std::coroutine_handle<> waiting) const noexcept { self.drain_waiter_ = waiting; }
        void await_resume() const noexcept {}
    };
    co_await awaiter{*this};
}

void connection::wake_drained() {
    if (!drain_waiter_) return;
    if (stream_ != nullptr && state_ != state::closing && stream_->pending_send_bytes() > drained_bytes)
        return;
    with_.target.world().loop.post([waiting = std::exchange(drain_waiter_, {})] { waiting.resume(); });
}

// --- the end

void connection::finish() {
    if (state_ != state::open) return;
    state_ = state::finishing;
    hurry_.set();
    work();
}

void connection::abort() {
    if (state_ == state::closed) return;
    state_ = state::closing;
    stream_->close();
    wake_drained();
}

void connection::on_tick(const patience& limits) {
    if (state_ == state::closed || state_ == state::closing) return;
    if (is_stalled(limits)) {
        ++with_.metrics.connections_closed_as_stalled;
        return abort();
    }
    const bool is_busy = is_serving_ || first_slot_ != nullptr || stream_->pending_send_bytes() > 0;
    if (is_busy || state_ != state::open) return;
    if (phase_ == phase::head && rest().empty()) {
        if (++quiet_ticks_ <= limits.idle_ticks) return;
        ++with_.metrics.connections_closed_as_idle;
        return abort();
    }
    if (++arriving_ticks_ <= limits.request_ticks) return;
    fail({408, "request_timeout", "the request did not arrive in time"}, true);
    work();
}

/// The client takes nothing, or next to nothing, of its answers.
bool connection::is_stalled(const patience& limits) {
    const std::size_t pending = stream_->pending_send_bytes();
    const std::uint64_t taken = sent_bytes_ - pending;
    if (pending == 0) {
        unsent_ticks_ = 0;
        return false;
    }
    if (unsent_ticks_++ == 0) taken_mark_bytes_ = taken;
    if (unsent_ticks_ <= limits.write_ticks) return false;
    unsent_ticks_ = 0;
    return taken - taken_mark_bytes_ < unsent_bytes_per_timeout;
}

void connection::update_end() {
    if (state_ == state::open || is_working_ || is_serving_ || first_slot_ != nullptr) return;
    if (state_ == state::finishing) {
        state_ = state::closing;
        stream_->close_after_sending();
    }
    if (state_ == state::closed && !awaits_burst_end_) leave_later();
}

/// Not from here: a coroutine of this object may be among the callers.
void connection::leave_later() {
    if (std::exchange(is_leaving_, true)) return;
    with_.target.world().loop.post([this] { owner_.on_gone(*this); });
}

}  // namespace logstore::http
