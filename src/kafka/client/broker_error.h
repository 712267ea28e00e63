// The error codes that brokers answer, as std::error_code.
#pragma once

#include <optional>
#include <string>
#include <system_error>

#include "base/result.h"
#include "kafka/protocol/error_code.h"

namespace logstore::kafka {

const std::error_category& broker_category();

/// REQUIRES: code != error_code::none. `message` is what the broker says beside the code.
error broker_error(error_code code, const std::optional<std::string>& message = {});

/// The broker's code; nothing when `why` is something else.
std::optional<error_code> broker_error_code(const error& why);

}  // namespace logstore::kafka
