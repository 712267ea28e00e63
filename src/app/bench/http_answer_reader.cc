#include "app/bench/http_answer_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace logstore::app::bench {
namespace {

struct head {
    int status = 0;
    std::optional<std::uint64_t> body_bytes;
    bool closes = false;
};

bool is_same_name(std::string_view one, std::string_view lower_case) {
    return std::ranges::equal(one, lower_case, {}, [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
}

std::string_view trimmed(std::string_view text) {
    const std::size_t from = text.find_first_not_of(" \t");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    Number value{};
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (wrong != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::expected<head, std::string> read_status_line(std::string_view line) {
    constexpr std::string_view version = "HTTP/1.1 ";
    constexpr std::size_t digits = 3;
    const auto status = line.starts_with(version) && line.size() >= version.size() + digits
                            ? number_of<int>(line.substr(version.size(), digits))
                            : std::nullopt;
    if (!status || *status < 100) return std::unexpected("an answer that is no HTTP/1.1");
    return head{*status, {}, false};
}

std::expected<void, std::string> read_field(head& into, std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::unexpected("an answer with a field without a colon");
    const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
    if (is_same_name(name, "content-length")) {
        into.body_bytes = number_of<std::uint64_t>(value);
        if (!into.body_bytes) return std::unexpected("an answer with a length that is no number");
    } else if (is_same_name(name, "transfer-encoding")) {
        return std::unexpected("an answer in chunks, which this client does not read");
    } else if (is_same_name(name, "connection")) {
        into.closes = is_same_name(value, "close");
    }
    return {};
}

std::expected<head, std::string> read_head(std::string_view text) {
    constexpr std::string_view line_end = "\r\n";
    const std::size_t first_end = text.find(line_end);
    auto read = read_status_line(text.substr(0, first_end));
    if (!read) return read;
    text.remove_prefix(first_end + line_end.size());
    while (!text.empty()) {
        const std::size_t end = text.find(line_end);
        const auto field = read_field(*read, text.substr(0, end));
        if (!field) return std::unexpected(field.error());
        text.remove_prefix(end + line_end.size());
    }
    return read;
}

}  // namespace

std::expected<std::optional<http_answer>, std::string> http_answer_reader::next() {
    constexpr std::string_view head_end = "\r\n\r\n";
    const std::string_view rest = std::string_view(waiting_).substr(read_);
    const std::size_t end = rest.substr(0, head_bytes_max).find(head_end);
    if (end == std::string_view::npos) {
        if (rest.size() >= head_bytes_max) return std::unexpected("an answer with too long a head");
        waiting_.erase(0, std::exchange(read_, 0));
        return std::nullopt;
    }
    const auto head = read_head(rest.substr(0, end + head_end.size() / 2));
    if (!head) return std::unexpected(head.error());
    const bool has_no_body = head->status == 204 || head->status == 304;
    const std::uint64_t body_bytes = head->body_bytes.value_or(0);
    if (!head->body_bytes && !has_no_body) return std::unexpected("an answer without a length");
    if (body_bytes > body_bytes_max_)
        return std::unexpected(fmt::format("an answer with {} bytes", body_bytes));
    const std::size_t head_bytes = end + head_end.size();
    if (rest.size() - head_bytes < body_bytes) {
        waiting_.erase(0, std::exchange(read_, 0));
        return std::nullopt;
    }
    read_ += head_bytes + body_bytes;
    return http_answer{head->status, std::string(rest.substr(head_bytes, body_bytes)), head->closes};
}

}  // namespace logstore::app::bench
