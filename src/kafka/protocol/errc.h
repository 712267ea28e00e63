// Why bytes are not a message, or a message has no bytes.
#pragma once

#include <system_error>

namespace logstore::kafka {

/// What a peer did wrong. After any of these the connection is out of step and is closed: only
/// `unsupported_version` and `unknown_api` may be answered otherwise (api_versions.h).
enum class protocol_errc {
    truncated = 1,     ///< a field goes on after the end of the bytes
    bad_length,        ///< a length below -1, or of more than the field may have
    bad_count,         ///< a list count below -1, or of more elements than the bytes left could hold
    bad_varint,        ///< a variable-length number of more bits than its type
    null_not_allowed,  ///< null where this version has no null
    bad_tag,           ///< a known tagged field whose content is not as long as its size says
    too_many_tags,     ///< more unknown tagged fields than decode_limits allows
    too_large,         ///< lists of more memory than decode_limits allows, or a frame above its limit
    trailing_bytes,    ///< bytes after the end of the message
    bad_record,        ///< a record whose content is not as long as its length says, or a batch that is none
    compressed,        ///< the records of this batch must be decompressed first
    bad_compression,   ///< compressed bytes that their codec cannot read, or a codec that is none
    unknown_api,       ///< an API that is not served
    unsupported_version,  ///< a version that is not served
    not_representable,    ///< (encoding) a null, a length or a count that this version has no notation for
};

const std::error_category& protocol_category();
inline std::error_code make_error_code(protocol_errc code) {
    return {static_cast<int>(code), protocol_category()};
}

}  // namespace logstore::kafka

template <>
struct std::is_error_code_enum<logstore::kafka::protocol_errc> : std::true_type {};
