// What the code of a command works with, by its kind.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/protocol/record.h"
#include "resp/key_lookup.h"
#include "resp/memory_wait.h"
#include "resp/reply_writer.h"
#include "resp/wave.h"

namespace logstore::resp {

struct immediate_call {
    const serving& with;
    session& who;
    std::span<const std::string_view> args;
    reply_writer& out;
    /// The protocol may change within the reply, which is written in the new one: HELLO.
    std::string& replies;
};

/// Planned, then answered when its keys were found.
struct key_read_call {
    const serving& with;
    std::span<const std::string_view> args;
    reply_writer& out;

    // The plan.
    std::string_view topic;
    std::span<const std::string_view> keys;
    bool with_values = true;

    /// One of each key.
    std::span<const asked_key> found{};
    bool has(std::size_t i) const { return found[i].found.has_value(); }
    std::string_view value(std::size_t i) const { return text_of(found[i].found->value); }
};

/// Planned, and answered when what was planned is durable.
struct write_call {
    const serving& with;
    std::span<const std::string_view> args;

    // The plan: an error, or writes of keys, or one record.
    std::string failure{};
    std::string_view topic{};
    std::vector<key_write> writes{};
    bool with_previous = false;
    /// XADD: a record of this partition, whatever its key.
    std::optional<std::int32_t> partition{};
    std::optional<bytes_view> key{};
    std::optional<bytes_view> value{};
    std::vector<kafka::record_header> headers{};
    /// A topic that is not there is not made: there is nothing to delete, or to be changed.
    bool makes_topic = true;

    // The outcome. Without a topic there are results as of keys that have no value.
    bool has_topic = true;
    std::vector<key_write_result> results{};
    offset at{-1};
    reply_writer* out = nullptr;
};

/// REQUIRES of the code: what it holds is bounded by options.answer_bytes_max, and room() taken before it is more than
/// a little.
struct alone_call {
    const serving& with;
    wait_signal& hurry;
    std::span<const std::string_view> args;
    reply_writer& out;
    memory_hold& memory;

    /// The bytes of an answer for which no memory has to be asked.
    static constexpr std::size_t free_bytes = std::size_t(64) << 10;
};

}  // namespace logstore::resp
