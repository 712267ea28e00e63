// Answering ApiVersions: what is offered, and the answer to a version that nobody here knows.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "kafka/protocol/messages/api_versions.h"

namespace logstore::kafka {

/// What api_table offers, by key. A broker may take entries away.
std::vector<api_versions_response::range> offered_apis();

/// Appends the whole answer to an ApiVersions request above our highest version: UNSUPPORTED_VERSION in the
/// layout of version 0, which every client can read, with `apis` so that it knows what to try next.
void append_api_versions_too_new(byte_vector& out, std::int32_t correlation_id,
                                 std::vector<api_versions_response::range> apis = offered_apis());

/// Whether a client may call itself or its version so: letters, digits, '-' and '.', the first and last a
/// letter or digit. From version 3 on anything else is answered with INVALID_REQUEST.
bool is_legal_software_name(std::string_view name);

}  // namespace logstore::kafka
