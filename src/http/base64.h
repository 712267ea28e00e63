// Base64 with padding (RFC 4648, section 4): how JSON carries bytes that are no text.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace logstore::http {

std::string base64_of(bytes_view bytes);

/// The bytes that `text` decodes to at most.
constexpr std::size_t base64_decoded_bytes_max(std::size_t text_bytes) {
    return text_bytes / 4 * 3;
}
/// Decodes into `out`, which has room for base64_decoded_bytes_max(text.size()), and returns how many bytes
/// that made; not_base64 for what is not the canonical text of any bytes: other characters, missing padding,
/// bits that nothing decodes to.
std::size_t decode_base64(std::string_view text, std::byte* out);
inline constexpr std::size_t not_base64 = static_cast<std::size_t>(-1);

}  // namespace logstore::http
