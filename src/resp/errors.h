// Errors as Redis clients are told of them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "tablet/tablet_errc.h"

namespace logstore::resp {

inline constexpr std::string_view syntax_error = "ERR syntax error";
inline constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";

std::string wrong_arity(std::string_view command);
/// Of a read or write of the topic's keys or records; `message` may be null.
std::string tablet_error(tablet_errc code, std::string_view topic, const char* message = nullptr);
std::string key_too_large();
std::string illegal_topic_name(std::string_view name);
std::string unknown_topic(std::string_view name);
/// Of making a topic.
std::string topic_error(const error& why);

}  // namespace logstore::resp
