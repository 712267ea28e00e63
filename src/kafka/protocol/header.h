// What stands in front of the body of every request and response.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "kafka/protocol/api_table.h"
#include "kafka/protocol/decoder.h"

namespace logstore::kafka {

struct request_header {
    api_key api{};
    api_version version;
    std::int32_t correlation_id = 0;
    /// A view of the frame. Null is legal and means the same as "".
    std::optional<std::string_view> client_id;
};

struct request_frame {
    request_header header;
    bytes_view body;
    /// An ApiVersions request of a version that nobody here knows: the body is empty and must not be looked
    /// at; the answer is append_api_versions_too_new() (api_versions.h).
    bool is_unknown_api_versions = false;
};

/// Takes a request apart; `frame` is what follows the length. Fails with unknown_api or unsupported_version
/// for whatever api_table does not serve, except ApiVersions as above; otherwise with what is wrong with the
/// header.
result<request_frame> decode_request_frame(bytes_view frame, const decode_limits& limits = {});

/// The response header has tagged fields in flexible versions, but never for ApiVersions: its sender does not
/// know yet what the client understands.
constexpr bool response_header_is_flexible(api_key api, api_version v) {
    return api != api_key::api_versions && api_of(api).is_flexible(v);
}

/// Which request a response answers. `frame` is what follows the length.
result<std::int32_t> response_correlation_id(bytes_view frame);

}  // namespace logstore::kafka
