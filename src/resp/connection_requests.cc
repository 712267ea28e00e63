// How a connection takes commands in, and makes waves of them.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "resp/calls.h"
#include "resp/connection.h"
#include "resp/errors.h"

namespace logstore::resp {
namespace {

/// Of one wave, and of the keys and so on in it.
constexpr std::size_t commands_of_wave_max = 1024;
constexpr std::size_t args_of_wave_max = 4096;
/// Of one connection.
constexpr std::size_t waves_max = 8;
/// Input above this is counted, in steps.
constexpr std::size_t uncounted_input_bytes = std::size_t(16) << 10;
constexpr std::size_t hold_step_bytes = std::size_t(16) << 10;
/// A wave above this is counted.
constexpr std::size_t uncounted_wave_bytes = std::size_t(4) << 10;
/// What a command takes beside its bytes, and each of its arguments.
constexpr std::size_t command_bytes = 256;
constexpr std::size_t arg_bytes = 96;

}  // namespace

bool connection::may_take_request() const {
    if (state_ != state::open || waves_.size() >= waves_max) return false;
    if (in_flight_bytes_ >= with_.options.in_flight_bytes_per_connection) return false;
    const std::size_t unsent = unsent_bytes();
    if (unsent > uncounted_input_bytes && with_.answer_memory.is_scarce()) return false;
    return unsent <= with_.options.unsent_bytes_soft_max;
}

bool connection::may_begin(command_kind kind) const {
    if (waves_.empty()) return true;
    const wave& last = *waves_.back();
    return kind == command_kind::write && last.kind == command_kind::write && last.is_started;
}

request_parser::verdict connection::parse_next() {
    const auto found = parser_.parse(rest());
    has_request_ = found == request_parser::verdict::whole;
    return found;
}

void connection::drop_request() {
    used_ += parser_.used_bytes();
    parser_.start_again();
    has_request_ = false;
    arriving_ticks_ = 0;
}

bool connection::take_next() {
    if (!has_request_) {
        const auto found = parse_next();
        if (found == request_parser::verdict::need_bytes) return false;
        if (found == request_parser::verdict::bad) return end_with_problem();
    }
    if (parser_.args().empty()) {
        drop_request();
        return true;
    }
    const std::string_view name = parser_.args().front();
    const command* what = find_command(name);
    const bool is_understood = what != nullptr && what->takes(parser_.args().size());
    if (!may_begin(is_understood ? what->kind : command_kind::immediate)) return false;
    if (what == nullptr) {
        refuse_unknown(name);
    } else if (!is_understood) {
        ++with_.metrics.errors[index_of(*what)];
        ++with_.metrics.commands[index_of(*what)];
        reply_writer(output_, session_.protocol).error(wrong_arity(what->name));
    } else if (what->kind == command_kind::immediate) {
        run_now(*what);
    } else {
        begin_wave(*what);
        return true;
    }
    drop_request();
    return true;
}

void connection::run_now(const command& what) {
    ++with_.metrics.commands[index_of(what)];
    session_.last_command = what.name;
    const std::size_t before = output_.size();
    reply_writer out(output_, session_.protocol);
    immediate_call call{with_, session_, parser_.args(), out, output_};
    what.run_immediate(call);
    if (output_.size() > before && output_[before] == '-') ++with_.metrics.errors[index_of(what)];
    if (session_.is_leaving) state_ = state::finishing;
}

/// In Redis' words, which some clients look at.
void connection::refuse_unknown(std::string_view name) {
    constexpr std::size_t shown_bytes = 128;
    ++with_.metrics.unknown_commands;
    std::string shown;
    for (const std::string_view one : std::span(parser_.args()).subspan(1)) {
        if (shown.size() >= shown_bytes) break;
        shown += fmt::format("'{}' ", one.substr(0, shown_bytes - shown.size()));
    }
    reply_writer(output_, session_.protocol)
        .error(fmt::format("ERR unknown command '{}', with args beginning with: {}", name.substr(0, shown_bytes),
                           shown));
}

bool connection::end_with_problem() {
    if (!waves_.empty()) return false;
    ++with_.metrics.connections_closed_as_invalid;
    reply_writer(output_, session_.protocol).error("ERR " + parser_.problem());
    state_ = state::finishing;
    return false;
}

void connection::begin_wave(const command& first) {
    auto made = std::make_unique<wave>(first.kind);
    made->begun = with_.now();
    fill(*made, first);
    session_.last_command = made->calls.back().what->name;
    give_input(*made);
    waves_.push_back(std::move(made));
    env::spawn(gate_, run(this, waves_.back().get()));
}

/// Takes the request that was found, and those of the same kind behind it.
void connection::fill(wave& made, const command& first) {
    const command* what = &first;
    do {
        ++with_.metrics.commands[index_of(*what)];
        if (parser_.is_inline()) {
            std::vector<std::string_view> args;
            for (const std::string_view one : parser_.args()) args.push_back(made.words.emplace_back(one));
            made.add(*what, args);
        } else {
            made.add(*what, parser_.args());
        }
        drop_request();
        if (made.kind == command_kind::alone || made.calls.size() >= commands_of_wave_max ||
            made.args.size() >= args_of_wave_max) {
            break;
        }
        if (parse_next() != request_parser::verdict::whole || parser_.args().empty()) break;
        what = find_command(parser_.args().front());
    } while (what != nullptr && what->kind == made.kind && what->takes(parser_.args().size()));
}

/// The bytes that the wave's arguments lie in go with it; what follows is looked at anew where it lies then.
void connection::give_input(wave& to) {
    const std::string_view left = rest();
    const bytes_view kept = bytes_of(left);
    byte_vector next(kept.begin(), kept.end());
    to.input = std::exchange(input_, std::move(next));
    to.input.resize(used_);
    used_ = 0;
    has_request_ = false;
    parser_.start_again();
    in_flight_bytes_ += to.input.size();
    const std::size_t all = to.input.size() + to.calls.size() * command_bytes + to.args.size() * arg_bytes;
    to.held_bytes = all > uncounted_wave_bytes ? all : 0;
    with_.request_memory.take_anyway(to.held_bytes);
}

/// False: there is no memory for what has arrived.
bool connection::hold_input() {
    const std::size_t size = input_.size();
    std::size_t wanted = 0;
    if (size > uncounted_input_bytes)
        wanted = (size - uncounted_input_bytes + hold_step_bytes - 1) / hold_step_bytes * hold_step_bytes;
    if (wanted < input_bytes_held_) {
        with_.request_memory.give_back(input_bytes_held_ - wanted);
    } else if (wanted > input_bytes_held_ && !with_.request_memory.try_take(wanted - input_bytes_held_)) {
        return false;
    }
    input_bytes_held_ = wanted;
    return true;
}

env::task<void> connection::run(connection* self, wave* what) {
    switch (what->kind) {
        case command_kind::key_read: {
            auto running = run_key_reads(&self->context_, what);
            co_await std::move(running);
            break;
        }
        case command_kind::write: {
            auto running = run_writes(&self->context_, what);
            co_await std::move(running);
            break;
        }
        default: {
            auto running = run_alone(&self->context_, what);
            co_await std::move(running);
        }
    }
    self->on_wave_done(*what);
}

void connection::on_wave_done(wave& done) {
    done.is_started = done.is_done = true;
    // It will end the connection when its turn comes: nothing more is appended until then.
    if (done.is_outcome_unknown && state_ == state::open) state_ = state::finishing;
    if (is_working_) return;
    // Those of a group of the journal end one after another: their replies leave together.
    if (done.kind == command_kind::write) return work_later();
    work();
}

}  // namespace logstore::resp
