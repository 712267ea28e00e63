#include "http/request_head.h"

#include <gtest/gtest.h>

namespace logstore::http {
namespace {

/// As the connection reads a head: found byte by byte, then understood.
api_result<request_head> read(std::string_view text) {
    head_scanner scanner;
    for (std::size_t size = 1; size <= text.size(); ++size) {
        const auto found = scanner.scan(bytes_of(text.substr(0, size)));
        if (found == head_scanner::verdict::bad) return refuse(400, "bad_request", "bad lines");
        if (found == head_scanner::verdict::need_bytes) continue;
        EXPECT_EQ(scanner.head_bytes(), size);
        return parse_request_head(bytes_of(text.substr(0, size)));
    }
    return refuse(0, "unfinished", "");
}

int status_of(std::string_view lines) {
    const auto head = read(lines);
    return head ? 200 : head.error().status;
}
int status_with(std::string_view fields) {
    return status_of("POST /append HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n\r\n");
}

TEST(request_head, what_the_server_needs_is_found) {
    const auto head = read(
        "POST /a?b=c HTTP/1.1\r\nhOST: localhost:8080\r\nContent-Type: application/json\r\nContent-Length: "
        "12\r\n"
        "Expect: 100-Continue\r\nOrigin: http://localhost:8080\r\nlast-event-id: 7\r\n\r\n");
    ASSERT_TRUE(head.has_value());
    EXPECT_EQ(head->method, method::post);
    EXPECT_EQ(head->target, "/a?b=c");
    EXPECT_EQ(head->host, "localhost:8080");
    EXPECT_EQ(head->content_type, "application/json");
    EXPECT_EQ(head->content_length, 12u);
    EXPECT_EQ(head->origin, "http://localhost:8080");
    EXPECT_EQ(head->last_event_id, "7");
    EXPECT_TRUE(head->expects_continue && head->keeps_alive && head->is_version_1_1 &&
                head->announces_body());
}

TEST(request_head, connections_are_kept_as_version_and_field_say) {
    const auto keeps = [](std::string_view lines) { return read(lines).value().keeps_alive; };
    EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(request_head, one_blank_line_before_the_first_is_passed_over) {
    EXPECT_EQ(status_of("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
    EXPECT_EQ(status_of("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
}

TEST(request_head, shapes_that_readers_differ_about_are_refused) {
    const std::string_view shapes[] = {
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 5",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length:",
        "Content-Length: 99999999999999999999999",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: \x0b"
        "chunked",
        "Transfer-Encoding : chunked",
        "Content-Length : 5",
        " Content-Length: 5",
        "X: a\r\n folded: b",
        "X: a\r\n\tfolded: b",
        "X: a\nContent-Length: 5",
        "X: a\rContent-Length: 5",
        "X: a\r\r\nContent-Length: 5",
        "Content-Length: 5\r\nno colon",
        ": no name",
        "X\0Y: a",
        "Host: other",
        "Content-Length: 5\n\r",
    };
    for (const std::string_view shape : shapes) EXPECT_EQ(status_with(shape), 400) << shape;
    EXPECT_EQ(status_with(std::string_view("X: a\0b", 6)), 400);
    EXPECT_EQ(status_with("Content-Length: 5"), 200);
    EXPECT_EQ(status_with("Transfer-Encoding: Chunked"), 200);
    EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(request_head, first_lines_that_are_none_are_refused) {
    for (const std::string_view line :
         {"GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET /\t HTTP/1.1",
          "GET / http/1.1", "/ HTTP/1.1", "G@T / HTTP/1.1", "GET / HTTP/1.10", "GET a HTTP/1.1",
          "GET http:///a HTTP/1.1", "GET ftp://h/ HTTP/1.1"}) {
        EXPECT_EQ(status_of(std::string(line) + "\r\nHost: h\r\n\r\n"), 400) << line;
    }
    EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: h\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400) << "no host";
}

TEST(request_head, other_versions_are_told_so) {
    EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\n"), 505);
    EXPECT_EQ(status_of("GET / HTTP/3.0\r\nHost: h\r\n\r\n"), 505);
    EXPECT_EQ(status_of("GET / HTTP/0.9\r\nHost: h\r\n\r\n"), 505);
}

TEST(request_head, a_target_may_name_the_host_again_and_no_other) {
    const auto head = read("GET http://H:1/a?b HTTP/1.1\r\nHost: h:1\r\n\r\n");
    ASSERT_TRUE(head.has_value());
    EXPECT_EQ(head->target, "/a?b");
    EXPECT_EQ(status_of("GET http://other/a HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
    EXPECT_EQ(read("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n").value().target, "/");
}

TEST(request_head, other_expectations_are_not_met) {
    EXPECT_EQ(status_with("Expect: 200-ok"), 417);
}

}  // namespace
}  // namespace logstore::http
