#include "http/request_head.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace logstore::http {
namespace {

namespace beast = boost::beast;

std::string_view view_of(beast::string_view text) {
    return {text.data(), text.size()};
}

api_error bad_request(const char* message) {
    return {400, "bad_request", message};
}

method method_of(beast::http::verb verb) {
    switch (verb) {
        case beast::http::verb::get: return method::get;
        case beast::http::verb::head: return method::head;
        case beast::http::verb::post: return method::post;
        case beast::http::verb::put: return method::put;
        case beast::http::verb::delete_: return method::remove;
        case beast::http::verb::options: return method::options;
        default: return method::other;
    }
}

/// Takes what is needed of the fields while Beast goes over them. Beast sees to the grammar.
class head_parser final : public beast::http::basic_parser<true> {
  public:
    head_parser() {
        header_limit(std::uint32_t(1) << 30);  // who has read the head has limited it
        body_limit(boost::none);
    }

    request_head head;
    std::optional<api_error> problem;
    bool has_host = false;

  private:
    using error_code = beast::error_code;
    using string_view = beast::string_view;

    void give_up(error_code& code, api_error why) {
        problem = std::move(why);
        code = beast::http::error::bad_field;
    }

    void on_request_impl(beast::http::verb verb, string_view, string_view target, int version,
                         error_code&) override {
        head.method = method_of(verb);
        head.target = view_of(target);
        head.is_version_1_1 = version == 11;
    }

    void on_field_impl(beast::http::field name, string_view own_name, string_view text,
                       error_code& code) override {
        const std::string_view value = view_of(text);
        switch (name) {
            case beast::http::field::host:
                if (has_host) return give_up(code, bad_request("the request names two hosts"));
                has_host = true;
                head.host = value;
                break;
            case beast::http::field::content_length: return take_length(value, code);
            case beast::http::field::transfer_encoding: return take_coding(value, code);
            case beast::http::field::expect:
                if (!beast::iequals(text, "100-continue")) {
                    return give_up(code,
                                   {417, "unknown_expectation", "the only expectation met is 100-continue"});
                }
                head.expects_continue = true;
                break;
            case beast::http::field::origin:
                if (head.origin) return give_up(code, bad_request("the request names two origins"));
                head.origin = value;
                break;
            case beast::http::field::content_type:
                if (head.content_type)
                    return give_up(code, bad_request("the request names two content types"));
                head.content_type = value;
                break;
            default:
                if (beast::iequals(own_name, "Last-Event-ID")) head.last_event_id = value;
                break;
        }
    }

    void take_length(std::string_view value, error_code& code) {
        constexpr std::size_t digits_max = 18;  // far above any limit, and no overflow
        if (head.content_length) return give_up(code, bad_request("the request has two lengths"));
        if (head.is_chunked)
            return give_up(code, bad_request("the request has a length and a transfer coding"));
        std::uint64_t length = 0;
        for (const char digit : value) {
            if (digit < '0' || digit > '9')
                return give_up(code, bad_request("Content-Length is not a number"));
            length = length * 10 + static_cast<std::uint64_t>(digit - '0');
        }
        if (value.empty()) return give_up(code, bad_request("Content-Length is not a number"));
        if (value.size() > digits_max) return give_up(code, {413, "body_too_large", "the body is too large"});
        head.content_length = length;
    }

    void take_coding(std::string_view value, error_code& code) {
        if (head.content_length)
            return give_up(code, bad_request("the request has a length and a transfer coding"));
        if (head.is_chunked) return give_up(code, bad_request("the request has two transfer codings"));
        if (!beast::iequals(beast::string_view(value.data(), value.size()), "chunked")) {
            return give_up(code, bad_request("the only transfer coding understood is chunked"));
        }
        if (!head.is_version_1_1) return give_up(code, bad_request("HTTP/1.0 has no transfer codings"));
        head.is_chunked = true;
    }

    void on_header_impl(error_code&) override { head.keeps_alive = keep_alive(); }
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}
};

/// Whether the first line ends in a version that HTTP has and this server has not.
bool asks_for_other_version(bytes_view head) {
    const std::string_view text = text_of(head);
    const std::string_view line = text.substr(0, text.find("\r\n"));
    constexpr std::string_view prefix = "HTTP/";
    const std::size_t at = line.rfind(' ');
    if (at == std::string_view::npos) return false;
    std::string_view version = line.substr(at + 1);
    if (!version.starts_with(prefix)) return false;
    version.remove_prefix(prefix.size());
    const bool is_digit_first = !version.empty() && version[0] >= '0' && version[0] <= '9';
    return is_digit_first && !version.starts_with("1.");
}

/// A proxy may name the host in the target as well: it must be the one of the Host field.
bool take_host_off(request_head& head) {
    std::string_view rest = head.target;
    if (rest.starts_with("/") || rest == "*") return true;
    constexpr std::string_view scheme = "http://";
    if (rest.size() < scheme.size() || !beast::iequals(beast::string_view(rest.data(), scheme.size()),
                                                       beast::string_view(scheme.data(), scheme.size()))) {
        return false;
    }
    rest.remove_prefix(scheme.size());
    const std::size_t host_bytes = std::min(rest.find_first_of("/?#"), rest.size());
    const std::string_view host = rest.substr(0, host_bytes);
    if (head.host.empty()) head.host = host;  // only HTTP/1.0 gets here without a Host field
    if (host.empty() || !beast::iequals(beast::string_view(host.data(), host.size()),
                                        beast::string_view(head.host.data(), head.host.size()))) {
        return false;
    }
    rest.remove_prefix(host_bytes);
    if (!rest.empty() && rest.front() != '/') return false;
    head.target = rest.empty() ? std::string_view("/") : rest;
    return true;
}

}  // namespace

head_scanner::verdict head_scanner::scan(bytes_view bytes) {
    while (scanned_ < bytes.size()) {
        const void* found = std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
        if (found == nullptr) break;
        const auto at = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
        if (at == line_start_ || bytes[at - 1] != std::byte('\r')) return verdict::bad;
        const bool is_blank = at == line_start_ + 1;
        const bool is_folded =
            lines_ > 0 && (bytes[line_start_] == std::byte(' ') || bytes[line_start_] == std::byte('\t'));
        if (is_folded) return verdict::bad;
        const bool is_before_head = is_blank && line_start_ == 0;
        line_start_ = scanned_ = at + 1;
        if (is_before_head) continue;
        if (is_blank) return lines_ > 0 ? verdict::whole : verdict::bad;
        if (lines_++ == 0) first_line_bytes_ = line_start_;
    }
    scanned_ = bytes.size();
    return verdict::need_bytes;
}

api_result<request_head> parse_request_head(bytes_view head) {
    if (text_of(head).starts_with("\r\n")) head = head.subspan(2);
    head_parser parser;
    beast::error_code code;
    const std::string_view text = text_of(head);
    const std::size_t used = parser.put(beast::net::const_buffer(text.data(), text.size()), code);
    if (parser.problem) return std::unexpected(std::move(*parser.problem));
    if (code || !parser.is_header_done() || used != text.size()) {
        if (asks_for_other_version(head)) {
            return refuse(505, "unsupported_version", "this server speaks HTTP/1.1 and HTTP/1.0");
        }
        return std::unexpected(bad_request("the head of the request is not HTTP/1.1"));
    }
    if (!parser.has_host && parser.head.is_version_1_1)
        return std::unexpected(bad_request("the request names no host"));
    if (!take_host_off(parser.head)) {
        return std::unexpected(bad_request("the target of the request is neither a path nor of this host"));
    }
    return parser.head;
}

}  // namespace logstore::http
