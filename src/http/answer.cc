#include "http/answer.h"

#include <charconv>
#include <utility>

namespace logstore::http {
namespace {

std::string_view reason_of(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 204: return "No Content";
        case 207: return "Multi-Status";
        case 400: return "Bad Request";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 411: return "Length Required";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 416: return "Range Not Satisfiable";
        case 417: return "Expectation Failed";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        case 507: return "Insufficient Storage";
        default: return "Unknown";
    }
}

void append_number(std::string& out, std::size_t number) {
    char digits[20];
    const auto [end, problem] = std::to_chars(digits, digits + sizeof digits, number);
    (void)problem;  // twenty digits are enough for any
    out.append(digits, end);
}

}  // namespace

void write_error(json_writer& json, const api_error& why) {
    json.key("error").begin_object().field("code", why.code).field("message", why.message).end_object();
}

answer answer_of(const api_error& why) {
    json_writer json;
    json.begin_object();
    write_error(json, why);
    json.end_object();
    answer made = json_answer(why.status, json.finish());
    if (why.retry_after_s > 0) made.fields += "Retry-After: " + std::to_string(why.retry_after_s) + "\r\n";
    if (!why.allowed_methods.empty())
        made.fields.append("Allow: ").append(why.allowed_methods).append("\r\n");
    return made;
}

answer json_answer(int status, std::string body) {
    answer made;
    made.status = status;
    made.body = std::move(body);
    return made;
}

void append_answer_head(std::string& out, const answer& what, const sending& how, bool is_stream) {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::size_t>(what.status));
    out.append(" ").append(reason_of(what.status)).append("\r\n").append(how.date);
    constexpr int no_content = 204;
    if (what.status != no_content) {
        out.append("Content-Type: ").append(what.content_type).append("\r\n");
        if (!is_stream) {
            out.append("Content-Length: ");
            append_number(out, what.body.size());
            out.append("\r\n");
        } else if (how.is_version_1_1) {
            out.append("Transfer-Encoding: chunked\r\n");
        }
    }
    out.append("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
    if (!how.keeps_alive) {
        out.append("Connection: close\r\n");
    } else if (!how.is_version_1_1) {
        out.append("Connection: keep-alive\r\n");
    }
    if (!how.allowed_origin.empty()) {
        out.append("Access-Control-Allow-Origin: ").append(how.allowed_origin).append("\r\nVary: Origin\r\n");
    }
    out.append(what.fields).append("\r\n");
}

}  // namespace logstore::http
