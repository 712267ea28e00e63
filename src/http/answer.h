// An answer, and its bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "http/api_error.h"
#include "http/request_head.h"

namespace logstore::http {

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view html_type = "text/html; charset=utf-8";
inline constexpr std::string_view text_type = "text/plain; charset=utf-8";
inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view yaml_type = "application/yaml";
inline constexpr std::string_view events_type = "text/event-stream";

struct answer {
    int status = 200;
    std::string_view content_type = json_type;
    std::string body;
    /// Further fields, each with its line end.
    std::string fields;
    /// What became of the request is not known: the connection is closed in the place of the answer.
    bool is_unknown = false;
    /// The answer was a stream and has been sent.
    bool was_streamed = false;
};

answer answer_of(const api_error& why);
answer json_answer(int status, std::string body);

/// Writes the member "error" of an object that is open.
void write_error(json_writer& json, const api_error& why);

/// How an answer leaves: what the request and the connection make of it.
struct sending {
    method asked = method::get;
    bool is_version_1_1 = true;
    bool keeps_alive = true;
    /// An origin whose pages may read the answer; empty = none.
    std::string_view allowed_origin;
    /// The Date field, "Date: …\r\n".
    std::string_view date;
};

/// Appends the head of `what`, which announces its body; a stream announces chunks instead, or, to HTTP/1.0,
/// the end of the connection.
void append_answer_head(std::string& out, const answer& what, const sending& how, bool is_stream = false);

}  // namespace logstore::http
