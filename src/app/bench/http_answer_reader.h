// Reads the answers of an HTTP server on one kept connection.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace logstore::app::bench {

/// One answer. Plain value.
struct http_answer {
    int status = 0;
    std::string body;
    /// The server will close the connection.
    bool closes = false;
};

/// Bytes in, answers out. Total. Knows bodies with a length, which is what servers give small answers; an
/// answer in chunks, or larger than the limits, is an error, and so is what is no HTTP/1.1.
class http_answer_reader {
  public:
    static constexpr std::size_t head_bytes_max = 16 * 1024;

    explicit http_answer_reader(std::size_t body_bytes_max = std::size_t(1) << 20)
        : body_bytes_max_(body_bytes_max) {}

    void accept(bytes_view received) { waiting_.append(text_of(received)); }
    /// The next whole answer; nothing when more bytes are needed; why the connection is of no use any more.
    std::expected<std::optional<http_answer>, std::string> next();

  private:
    std::size_t body_bytes_max_;
    std::string waiting_;
    std::size_t read_ = 0;
};

}  // namespace logstore::app::bench
