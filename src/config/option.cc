#include "config/option.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/check.h"
#include "config/errc.h"
#include "config/quantity.h"

namespace logstore::config {
namespace {

std::unexpected<error> refused(std::string sentence) {
    return fail(errc::invalid_configuration, std::move(sentence));
}

result<option_value> accept_number(const option& about, const option_value& value) {
    std::optional<std::int64_t> number;
    if (const auto* plain = std::get_if<std::int64_t>(&value)) number = *plain;
    if (const auto* text = std::get_if<std::string>(&value)) number = parse_quantity(about.counts, *text);
    if (!number) return refused(fmt::format("{} must be a number ({})", about.name, describe_bounds(about)));
    if (*number < about.min || *number > about.max || *number % about.multiple_of != 0) {
        return refused(fmt::format("{} is {}, but must be {}", about.name, *number, describe_bounds(about)));
    }
    return *number;
}

result<option_value> accept_switch(const option& about, const option_value& value) {
    if (std::holds_alternative<bool>(value)) return value;
    const auto* text = std::get_if<std::string>(&value);
    if (text != nullptr && (*text == "true" || *text == "false")) return *text == "true";
    return refused(fmt::format("{} must be true or false", about.name));
}

result<option_value> accept_choice(const option& about, const option_value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
        const auto found = std::ranges::find(about.choices, *text);
        if (found != about.choices.end()) return std::int64_t(found - about.choices.begin());
    }
    return refused(fmt::format("{} must be {}", about.name, describe_bounds(about)));
}

result<option_value> accept_text(const option& about, const option_value& value) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) return refused(fmt::format("{} must be text in quotes", about.name));
    const bool printable =
        std::ranges::all_of(*text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
    if (!printable) return refused(fmt::format("{} must not have control characters in it", about.name));
    return value;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

}  // namespace

std::string_view option::section() const {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
}

std::string_view option::key() const {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

option_value option::initial() const {
    if (const auto* number = std::get_if<std::int64_t>(&default_value)) return *number;
    if (const auto* on = std::get_if<bool>(&default_value)) return *on;
    const std::string_view text = std::get<std::string_view>(default_value);
    if (!is_choice()) return std::string(text);
    const auto found = std::ranges::find(choices, text);
    CHECK(found != choices.end(), "the default of {} is none of its choices", name);
    return std::int64_t(found - choices.begin());
}

result<option_value> accept_value(const option& about, const option_value& value) {
    if (about.is_number()) return accept_number(about, value);
    if (about.is_switch()) return accept_switch(about, value);
    if (about.is_choice()) return accept_choice(about, value);
    return accept_text(about, value);
}

std::string render_value(const option& about, const option_value& value) {
    if (about.is_choice())
        return quoted(about.choices[static_cast<std::size_t>(std::get<std::int64_t>(value))]);
    if (about.is_number()) return std::to_string(std::get<std::int64_t>(value));
    if (about.is_switch()) return std::get<bool>(value) ? "true" : "false";
    return quoted(std::get<std::string>(value));
}

std::string describe_bounds(const option& about) {
    if (about.is_choice()) return fmt::format("one of {}", fmt::join(about.choices, ", "));
    if (!about.is_number()) return {};
    const bool unbounded = about.max == std::numeric_limits<std::int64_t>::max();
    std::string out = unbounded ? fmt::format("at least {}", readable_number(about.counts, about.min))
                                : fmt::format("{} to {}", readable_number(about.counts, about.min),
                                              readable_number(about.counts, about.max));
    if (about.multiple_of > 1) out += fmt::format(", a multiple of {}", about.multiple_of);
    return out;
}

}  // namespace logstore::config
