#include "app/record_format.h"

#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "http/base64.h"

namespace logstore::app {
namespace {

constexpr std::string_view fields = "tpokvThKV";

/// Text as it is; bytes that are no text in base64, with a mark beside them.
void write_bytes(json_writer& json, std::string_view name, const std::optional<bytes_view>& bytes) {
    if (!bytes) {
        json.key(name).null();
    } else if (is_utf8(text_of(*bytes))) {
        json.field(name, text_of(*bytes));
    } else {
        const std::string mark = std::string(name) + "_encoding";
        json.field(name, std::string_view(http::base64_of(*bytes))).field(mark, "base64");
    }
}

/// As the HTTP listener writes a record, with the place it is from.
std::string json_of(const topic_partition& from, const kafka::consumed_record& one) {
    json_writer json;
    json.begin_object().field("topic", std::string_view(from.topic));
    json.field("partition", from.partition.value());
    json.field("offset", one.offset.value()).field("timestamp", one.timestamp.value());
    write_bytes(json, "key", one.key);
    write_bytes(json, "value", one.value);
    if (one.headers.count() > 0) {
        json.key("headers").begin_list();
        one.headers.for_each([&](const kafka::record_header& header) {
            json.begin_object().field("key", header.key);
            write_bytes(json, "value", header.value);
            json.end_object();
        });
        json.end_list();
    }
    return json.end_object().finish();
}

std::int64_t length_of(const std::optional<bytes_view>& bytes) {
    return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
}

/// What follows a backslash at the start of `rest`, which it takes; nothing when it is no escape.
std::optional<char> take_escape(std::string_view& rest) {
    if (rest.empty()) return std::nullopt;
    const char letter = rest.front();
    rest.remove_prefix(1);
    switch (letter) {
        case 'n': return '\n';
        case 't': return '\t';
        case 'r': return '\r';
        case '0': return '\0';
        case '\\': return '\\';
        case 'x': break;
        default: return std::nullopt;
    }
    unsigned value = 0;
    if (rest.size() < 2) return std::nullopt;
    const auto [end, failed] = std::from_chars(rest.data(), rest.data() + 2, value, 16);
    if (failed != std::errc{} || end != rest.data() + 2) return std::nullopt;
    rest.remove_prefix(2);
    return static_cast<char>(value);
}

}  // namespace

record_format record_format::json() {
    record_format made;
    made.is_json_ = true;
    return made;
}

std::expected<record_format, std::string> record_format::parse(std::string_view text) {
    if (text == "json") return json();
    if (text == "value") return parse("%v\\n");
    record_format made;
    const auto literal = [&](char one) {
        if (made.parts_.empty() || made.parts_.back().field != 0) made.parts_.emplace_back();
        made.parts_.back().literal += one;
    };
    for (std::string_view rest = text; !rest.empty();) {
        const char first = rest.front();
        rest.remove_prefix(1);
        if (first == '\\') {
            const auto escaped = take_escape(rest);
            if (!escaped)
                return std::unexpected("a backslash goes with n, t, r, 0, xHH or another backslash");
            literal(*escaped);
        } else if (first != '%') {
            literal(first);
        } else if (!rest.empty() && rest.front() == '%') {
            literal('%');
            rest.remove_prefix(1);
        } else if (rest.empty() || fields.find(rest.front()) == std::string_view::npos) {
            return std::unexpected(fmt::format(
                "'%{}' is no field: there are %t %p %o %k %v %T %h %K %V and %%", rest.substr(0, 1)));
        } else {
            made.parts_.push_back({rest.front(), {}});
            rest.remove_prefix(1);
        }
    }
    if (made.parts_.empty()) return std::unexpected("an empty format writes nothing");
    return made;
}

void record_format::append(std::string& out, const topic_partition& from,
                           const kafka::consumed_record& one) const {
    if (is_json_) {
        out += json_of(from, one);
        return;
    }
    for (const part& next : parts_) {
        if (next.field == 0)
            out += next.literal;
        else
            append_field(out, next.field, from, one);
    }
}

void record_format::append_field(std::string& out, char field, const topic_partition& from,
                                 const kafka::consumed_record& one) const {
    const auto number = [&](std::int64_t value) { fmt::format_to(std::back_inserter(out), "{}", value); };
    switch (field) {
        case 't': out += from.topic; return;
        case 'p': return number(from.partition.value());
        case 'o': return number(one.offset.value());
        case 'k': return append_bytes(out, one.key);
        case 'v': return append_bytes(out, one.value);
        case 'T': return number(one.timestamp.value());
        case 'K': return number(length_of(one.key));
        case 'V': return number(length_of(one.value));
        default: break;
    }
    bool is_first = true;
    one.headers.for_each([&](const kafka::record_header& header) {
        if (!std::exchange(is_first, false)) out += ',';
        out += header.key;
        out += '=';
        append_bytes(out, header.value);
    });
}

void record_format::append_bytes(std::string& out, const std::optional<bytes_view>& bytes) const {
    out += bytes ? text_of(*bytes) : std::string_view(null_text);
}

}  // namespace logstore::app
