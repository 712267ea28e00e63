// The head of a request: its first line and its fields, checked and understood.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "http/api_error.h"

namespace logstore::http {

enum class method : std::uint8_t { get, head, post, put, remove, options, other };

/// What this server needs of a head. Views of the head's bytes.
struct request_head {
    http::method method = method::other;
    bool is_version_1_1 = true;
    bool keeps_alive = true;
    /// The path and query; of a target that names a host too, without it.
    std::string_view target;
    std::string_view host;
    std::optional<std::string_view> origin;
    std::optional<std::string_view> content_type;
    std::optional<std::string_view> last_event_id;
    std::optional<std::uint64_t> content_length;
    bool is_chunked = false;
    bool expects_continue = false;

    bool announces_body() const { return is_chunked || content_length.value_or(0) > 0; }
};

/// Finds the end of a head in bytes that come piece by piece, and looks at its lines as they come: what ends
/// a line for one reader and not for another lets a request hide in another one.
class head_scanner {
  public:
    enum class verdict : std::uint8_t { need_bytes, whole, bad };

    /// `bytes` begin with the head and hold what earlier calls were given. A blank line before the head is a
    /// part of it.
    verdict scan(bytes_view bytes);
    /// Of the head, with its blank line. REQUIRES: whole.
    std::size_t head_bytes() const { return line_start_; }
    /// Of the first line, as far as it was given.
    std::size_t first_line_bytes() const { return lines_ == 0 ? scanned_ : first_line_bytes_; }

  private:
    std::size_t scanned_ = 0;
    std::size_t line_start_ = 0;
    std::size_t first_line_bytes_ = 0;
    std::uint32_t lines_ = 0;
};

/// Understands a head that head_scanner found whole. Total. Refuses what readers are known to differ about:
/// two lengths, a length and a transfer coding, folded lines, blanks before a colon, other codings than
/// chunked.
api_result<request_head> parse_request_head(bytes_view head);

}  // namespace logstore::http
