#include "http/chunked_decoder.h"

#include <algorithm>

#include "base/check.h"

namespace logstore::http {
namespace {

std::unexpected<api_error> bad_chunk() {
    return refuse(400, "bad_chunk", "the chunks of the body are malformed");
}

int hex_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

bool has_control_bytes(std::string_view line) {
    return std::ranges::any_of(line, [](char one) {
        const auto byte = static_cast<unsigned char>(one);
        return (byte < 0x20 && byte != '\t') || byte == 0x7f;
    });
}

}  // namespace

api_result<std::size_t> chunked_decoder::decode(bytes_view bytes, byte_vector& out) {
    CHECK(!is_done());
    std::size_t used = 0;
    while (!is_done()) {
        const bytes_view rest = bytes.subspan(used);
        if (state_ == state::data) {
            const std::size_t count = std::min(chunk_left_, rest.size());
            out.insert(out.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count));
            used += count;
            chunk_left_ -= count;
            if (chunk_left_ > 0) return used;
            state_ = state::data_end;
        } else {
            const auto line = decode_line(rest);
            if (!line) return std::unexpected(line.error());
            if (*line == 0) return used;
            used += *line;
        }
    }
    return used;
}

/// Of the line that comes, with its end.
std::size_t chunked_decoder::line_bytes_left() const {
    constexpr std::size_t line_end_bytes = 2;
    if (state_ == state::data_end) return line_end_bytes;
    return state_ == state::trailer ? trailer_bytes_max - trailer_bytes_ : line_bytes_max;
}

/// A whole line at the start of `bytes`; returns its length with its end, or 0 when it is not there yet.
api_result<std::size_t> chunked_decoder::decode_line(bytes_view bytes) {
    const std::string_view text = text_of(bytes);
    const std::size_t limit = line_bytes_left();
    const std::size_t end = text.substr(0, limit).find('\n');
    if (end == std::string_view::npos) {
        if (text.size() >= limit) return bad_chunk();
        return std::size_t(0);
    }
    if (end == 0 || text[end - 1] != '\r') return bad_chunk();
    const std::string_view line = text.substr(0, end - 1);
    if (has_control_bytes(line)) return bad_chunk();
    switch (state_) {
        case state::size:
            if (auto taken = take_size(line, content_bytes_); !taken) return std::unexpected(taken.error());
            break;
        case state::data_end:
            if (!line.empty()) return bad_chunk();
            state_ = state::size;
            break;
        default:
            trailer_bytes_ += end + 1;
            if (line.empty()) state_ = state::done;
            break;
    }
    return end + 1;
}

api_result<> chunked_decoder::take_size(std::string_view line, std::size_t content_bytes) {
    constexpr std::size_t digits_max = 8;
    const std::size_t digits = std::min(line.find_first_of("; \t"), line.size());
    if (digits == 0 || digits > digits_max) return bad_chunk();
    std::size_t size = 0;
    for (const char digit : line.substr(0, digits)) {
        const int value = hex_value(digit);
        if (value < 0) return bad_chunk();
        size = size * 16 + static_cast<std::size_t>(value);
    }
    // Blanks may stand before an extension only.
    const std::size_t next = line.find_first_not_of(" \t", digits);
    if (digits < line.size() && (next == std::string_view::npos || line[next] != ';')) return bad_chunk();
    if (size > content_bytes_max_ - content_bytes) {
        return refuse(413, "body_too_large", "the body is too large; send fewer records at a time");
    }
    content_bytes_ += size;
    chunk_left_ = size;
    state_ = size > 0 ? state::data : state::trailer;
    return {};
}

}  // namespace logstore::http
