// The appends of a connection: begun as they arrive, answered in their order.
#include <algorithm>
#include <utility>

#include "cluster/errc.h"
#include "http/connection.h"

namespace logstore::http {
namespace {

constexpr std::string_view default_topic = "default";
/// What an append takes beside its body, and each of its records: its place, and its part of the answer.
constexpr std::size_t append_bytes = std::size_t(1) << 10;
constexpr std::size_t record_bytes = 64;
/// How often, and how many times, a topic that another client is making is looked for.
constexpr env::duration topic_look_interval = std::chrono::milliseconds(2);
constexpr int topic_looks_max = 1000;

}  // namespace

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
    const std::size_t held = std::max(request_bytes_held_, body_bytes.size()) + append_bytes +
                             (*records)->records.size() * record_bytes;
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
    slot->begun = request_.begun;
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
    bool is_there = made || with_.target.topics()->find(name) != nullptr;
    // Another client was faster: this shard will hear of the topic soon.
    for (int looks = 0; !is_there && made.error().code == cluster::errc::topic_exists && looks < topic_looks_max;
         ++looks) {
        co_await env::sleep(with_.target.world().loop, topic_look_interval);
        is_there = with_.target.topics()->find(name) != nullptr;
    }
    is_serving_ = false;
    request_.has_made_topic = true;
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
    if (first_slot_ == nullptr || !first_slot_->is_done()) return;
    const env::monotonic_time answered = now();  // one for all that leave together
    while (first_slot_ != nullptr && first_slot_->is_done()) {
        append_slot& done = *first_slot_;
        if (state_ == state::open || state_ == state::finishing) {
            if (done.is_outcome_unknown()) {
                close_in_place("it is not known whether its append is durable");
            } else {
                done.how.allowed_origin = done.allowed_origin;
                with_.metrics.count_time(done.where, answered - done.begun);
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

}  // namespace logstore::http
