// What one option is: everything the parser, the printer and the documentation need to know of it.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace logstore::config {

/// What a number counts. It decides which suffixes its text may carry ("64MiB", "10s") and is shown in the
/// documentation.
enum class unit { none, bytes, milliseconds };

/// A value as it was written. A choice (an enumeration) is the index of its word in option::choices.
using option_value = std::variant<std::int64_t, bool, std::string>;

/// One option. Plain data with static lifetime; the kind of `default_value` is the kind of the option.
struct option {
    /// Dotted: "kafka.listen" is the key `listen` of the TOML table `[kafka]`.
    std::string_view name;
    /// What Kafka calls it; accepted in its place. Empty when Kafka has nothing like it.
    std::string_view kafka_name{};
    /// Whole sentences, without the default and the bounds, which are added where it is shown.
    std::string_view meaning;
    std::variant<std::int64_t, bool, std::string_view> default_value;
    unit counts = unit::none;
    std::int64_t min = 0;
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    /// Numbers must be a multiple of this.
    std::int64_t multiple_of = 1;
    /// The words of an enumeration; empty for the other kinds.
    std::span<const std::string_view> choices{};
    /// A value other than the default, as it may be written after the `=`.
    std::string_view example{};
    /// Whether a change takes effect only at the next start.
    bool needs_restart = true;

    constexpr bool is_number() const { return std::holds_alternative<std::int64_t>(default_value); }
    constexpr bool is_switch() const { return std::holds_alternative<bool>(default_value); }
    constexpr bool is_choice() const { return !choices.empty(); }
    /// "kafka" of "kafka.listen"; empty for the options outside tables.
    std::string_view section() const;
    /// "listen" of "kafka.listen".
    std::string_view key() const;
    /// The default as an option_value.
    option_value initial() const;
};

/// Checks `value` against the kind, bounds, multiple and choices of `about` and brings it into the option's
/// own kind: text becomes the number ("64MiB"), switch ("true") or choice it stands for. The error is a
/// sentence that names the option.
result<option_value> accept_value(const option& about, const option_value& value);

/// `value` as it is written in TOML: 65536, true, "text". REQUIRES: accepted by accept_value.
std::string render_value(const option& about, const option_value& value);

/// "0 to 1024", "4096 to 1073741824 bytes, a multiple of 4096", "one of auto, io_uring, threads"; empty for
/// text and switches.
std::string describe_bounds(const option& about);

/// A number of `counts` for a person: 67108864 bytes is "64 MiB", 600000 milliseconds is "10 min", 5 is "5".
std::string readable_number(unit counts, std::int64_t number);

}  // namespace logstore::config
