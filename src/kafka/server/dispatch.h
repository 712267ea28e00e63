// Which handler serves which API.
#pragma once

#include <vector>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/messages/api_versions.h"
#include "kafka/server/request_context.h"

namespace logstore::kafka {

/// The handler of an API; null for those that are not served, and for Produce, which connections serve
/// themselves (produce_slot.h).
request_handler handler_of(api_key key);

/// What ApiVersions says: of the codec's table, what is served here.
std::vector<api_versions_response::range> served_apis();

}  // namespace logstore::kafka
