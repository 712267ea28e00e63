// Commands of one connection that are served together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "env/clock.h"
#include "env/task.h"
#include "resp/command.h"
#include "resp/serving.h"
#include "resp/session.h"
#include "shard/wait_signal.h"

namespace logstore::resp {

/// Takes replies before the last one of a wave is there. REQUIRES, for pass_on(): no wave is before it.
class reply_stream {
  public:
    virtual ~reply_stream() = default;
    /// Sends `replies`, and completes when the client has taken most of what was sent, or has gone.
    virtual env::task<void> pass_on(std::string& replies) = 0;
};

/// Commands of one kind, in the order in which they came, and their replies. Made by the connection, filled by run_…
/// of its kind. One shard.
struct wave {
    struct call {
        const command* what;
        std::uint32_t first_arg;
        std::uint32_t arg_count;
    };

    explicit wave(command_kind the_kind) : kind(the_kind) {}

    void add(const command& what, std::span<const std::string_view> of) {
        calls.push_back({&what, static_cast<std::uint32_t>(args.size()), static_cast<std::uint32_t>(of.size())});
        args.insert(args.end(), of.begin(), of.end());
    }
    std::span<const std::string_view> args_of(const call& one) const {
        return std::span(args).subspan(one.first_arg, one.arg_count);
    }

    const command_kind kind;
    std::vector<call> calls;
    std::vector<std::string_view> args;
    /// What the arguments lie in: the bytes that were received, and words of lines.
    byte_vector input;
    std::deque<std::string> words;
    /// Of serving::request_memory.
    std::size_t held_bytes = 0;
    env::monotonic_time begun{};

    std::string replies;
    /// Of what is appended, the order is settled: the next wave of writes may begin.
    bool is_started = false;
    bool is_done = false;
    /// The connection is to be closed behind `replies`: what comes next may have happened or not.
    bool is_outcome_unknown = false;
};

/// What the commands of a wave are served with; outlives them.
struct wave_context {
    const serving& with;
    session& who;
    /// Set when nobody waits for the answer any more, or the server stops: answer soon.
    wait_signal& hurry;
    reply_stream& stream;
};

env::task<void> run_key_reads(wave_context* context, wave* what);
env::task<void> run_writes(wave_context* context, wave* what);
env::task<void> run_alone(wave_context* context, wave* what);

}  // namespace logstore::resp
