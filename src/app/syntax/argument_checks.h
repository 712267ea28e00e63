// What an argument on the command line must look like. In the parser's form: what is wrong with the text, or
// nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "config/quantity.h"

namespace logstore::app {

std::string check_topic_name(const std::string& name);
/// HOST:PORT, both given.
std::string check_server(const std::string& text);
/// NAME=VALUE of a server option; whether it exists is seen when options are loaded.
std::string check_override(const std::string& text);
/// NAME=VALUE of a topic's configuration; the server decides about both.
std::string check_topic_config(const std::string& text);
std::string check_codec(const std::string& text);
std::string check_acks(const std::string& text);
std::string check_header(const std::string& text);
/// An offset, or trim_everything.
std::string check_trim_offset(const std::string& text);
inline constexpr const char* trim_everything = "end";
std::string check_from(const std::string& text);
std::string check_format(const std::string& text);
/// From `min` to `max`, both included; with the suffixes of `counts`.
std::function<std::string(const std::string&)> check_quantity(config::unit counts, std::int64_t min,
                                                              std::int64_t max);

/// Of a text that passed check_quantity.
std::int64_t number_in(config::unit counts, const std::string& checked_text);

/// NAME=VALUE in two; of a text that passed its check.
std::pair<std::string, std::string> split_at_equals(const std::string& checked_text);

}  // namespace logstore::app
