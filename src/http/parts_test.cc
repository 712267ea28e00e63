// The small parts: chunks, targets, base64, partitions, dates, origins.
#include <gtest/gtest.h>

#include "http/base64.h"
#include "http/chunked_decoder.h"
#include "http/date_line.h"
#include "http/origin_policy.h"
#include "http/partition_chooser.h"
#include "http/target.h"

namespace logstore::http {
namespace {

// --- chunks

/// Decodes in steps of `step` bytes; "error 400" where it fails.
std::string decoded(std::string_view coded, std::size_t step = 1, std::size_t limit = 1000) {
    chunked_decoder decoder(limit);
    byte_vector out;
    std::size_t used = 0;
    for (std::size_t size = step; !decoder.is_done(); size += step) {
        if (used == coded.size() || size > coded.size() + step) return "unfinished";
        const auto taken = decoder.decode(bytes_of(coded.substr(0, size)).subspan(used), out);
        if (!taken) return "error " + std::to_string(taken.error().status);
        used += *taken;
    }
    return std::string(text_of(out)) + "|" + std::string(coded.substr(used));
}

TEST(chunked_decoder, chunks_are_joined_and_what_follows_is_left) {
    for (const std::size_t step : {1, 2, 5, 100}) {
        EXPECT_EQ(decoded("4\r\nabcd\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n", step),
                  "abcd0123456789|");
    }
    EXPECT_EQ(decoded("0\r\n\r\nGET", 100), "|GET");
    EXPECT_EQ(decoded("001 ; a\r\nx\r\n0\r\n\r\n"), "x|");
}

TEST(chunked_decoder, what_is_no_chunk_is_refused) {
    for (const std::string_view wrong :
         {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", "1\n", "1\r\nabc", "1\r\na\n0\r\n\r\n", " 1\r\n",
          "1 \r\na\r\n", "1 x\r\n", "123456789\r\n", "1;\x01\r\n", "1\ra\r\n", "0\r\nTrailer\n\r\n",
          "1\r\na0\r\n\r\n", "\n"}) {
        EXPECT_EQ(decoded(wrong), "error 400") << wrong;
    }
    EXPECT_EQ(decoded("1;" + std::string(chunked_decoder::line_bytes_max, 'x')), "error 400");
    EXPECT_EQ(decoded("0\r\n" + std::string(chunked_decoder::trailer_bytes_max, 'x')), "error 400");
}

TEST(chunked_decoder, no_more_than_the_limit_is_taken) {
    EXPECT_EQ(decoded("5\r\nabcde\r\n0\r\n\r\n", 100, 5), "abcde|");
    EXPECT_EQ(decoded("6\r\n", 1, 5), "error 413");
    EXPECT_EQ(decoded("3\r\nabc\r\n3\r\n", 1, 5), "error 413");
    EXPECT_EQ(decoded("ffffffff\r\n", 1, 5), "error 413");
}

// --- targets

TEST(target, paths_lead_to_routes) {
    const auto where = [](std::string_view text) { return parse_target(text).value().where; };
    EXPECT_EQ(where("/"), route::page);
    EXPECT_EQ(where("/append"), route::append);
    EXPECT_EQ(where("/topics"), route::topics);
    EXPECT_EQ(where("/topics/a"), route::topic);
    EXPECT_EQ(where("/topics/a/records"), route::topic_records);
    EXPECT_EQ(where("/topics/a/partitions/0/records"), route::partition_records);
    for (const std::string_view none :
         {"/append/", "/nix", "//", "/topics/", "/topics//records", "/topics/a/", "/topics/a/nix",
          "/topics/a/partitions", "/topics/a/partitions/0", "/topics/a/partitions/0/records/x"}) {
        EXPECT_EQ(where(none), route::none) << none;
    }
}

TEST(target, names_and_parameters_are_decoded) {
    const auto found =
        parse_target("/topics/a%2Eb/partitions/%37/records?offset=time%3a5&max_bytes=1&&encoding").value();
    EXPECT_EQ(found.topic, "a.b");
    EXPECT_EQ(found.partition, "7");
    EXPECT_EQ(found.get(parameter::offset), "time:5");
    EXPECT_EQ(found.get(parameter::max_bytes), "1");
    EXPECT_EQ(found.get(parameter::encoding), "");
    EXPECT_EQ(found.get(parameter::wait_ms), std::nullopt);
}

TEST(target, what_is_malformed_or_not_known_is_refused) {
    const auto code = [](std::string_view text) { return parse_target(text).error().code; };
    for (const std::string_view wrong : {"/topics/%", "/topics/%2", "/topics/%zz", "/read?offset=%",
                                         "/read?%=1", "/a#b", "/a\x80", "/topics/a b"}) {
        EXPECT_EQ(code(wrong), "bad_target") << wrong;
    }
    EXPECT_EQ(code("/read?ofset=1"), "unknown_parameter");
    EXPECT_EQ(code("/topics?offset=1"), "unknown_parameter");
    EXPECT_EQ(code("/read?offset=1&offset=1"), "repeated_parameter");
}

TEST(target, numbers_are_whole_and_within_bounds) {
    EXPECT_EQ(parse_number("n", "9223372036854775807", 0, 9223372036854775807).value(), 9223372036854775807);
    for (const std::string_view wrong :
         {"", "-1", "+1", " 1", "1 ", "1.0", "11", "0x1", "9223372036854775808"}) {
        EXPECT_FALSE(parse_number("n", wrong, 0, 10).has_value()) << wrong;
    }
}

// --- base64

std::string round_trip(std::string_view text) {
    std::string out(base64_decoded_bytes_max(text.size()), '\0');
    const std::size_t size = decode_base64(text, reinterpret_cast<std::byte*>(out.data()));
    return size == not_base64 ? "refused" : out.substr(0, size);
}

TEST(base64, bytes_come_back_and_texts_are_those_of_the_standard) {
    const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                     {"f", "Zg=="},
                                                                     {"fo", "Zm8="},
                                                                     {"foo", "Zm9v"},
                                                                     {"foob", "Zm9vYg=="},
                                                                     {"fooba", "Zm9vYmE="},
                                                                     {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(base64_of(bytes_of(bytes)), text);
        EXPECT_EQ(round_trip(text), bytes);
    }
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    EXPECT_EQ(round_trip(base64_of(bytes_of(all))), all);
}

TEST(base64, what_nothing_encodes_to_is_refused) {
    for (const std::string_view wrong : {"Z", "Zg", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "====", "Z===", "Zg= ",
                                         "Zm9v\n", "Zm-_", "=Zg=", "Z=g="}) {
        EXPECT_EQ(round_trip(wrong), "refused") << wrong;
    }
}

// --- partitions

TEST(partition_chooser, a_key_goes_where_java_clients_send_it) {
    EXPECT_EQ(partition_chooser().of_key(bytes_of("21"), 1000), partition_id((-973932308 & 0x7fffffff) % 1000));
}

TEST(partition_chooser, records_without_a_key_take_turns_for_each_topic) {
    partition_chooser chooser;
    const topic_id one = topic_id::from_random_bits(0x0123456789abcdef, 1),
                   other = topic_id::from_random_bits(0xfedcba9876543210, 1);
    EXPECT_EQ(chooser.next(one, 2), partition_id(0));
    EXPECT_EQ(chooser.next(other, 2), partition_id(0));
    EXPECT_EQ(chooser.next(one, 2), partition_id(1));
    EXPECT_EQ(chooser.next(one, 2), partition_id(0));
}

// --- dates

TEST(date_line, dates_are_those_of_the_calendar) {
    EXPECT_EQ(date_text(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(date_text(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
    EXPECT_EQ(date_text(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

// --- origins

std::string verdict(const origin_options& options, std::string_view host,
                    std::optional<std::string_view> origin) {
    request_head head;
    head.host = host;
    head.origin = origin;
    const auto checked = origin_policy(options).check(head);
    return checked ? "allowed" : std::string(checked.error().code);
}

TEST(origin_policy, a_server_of_this_machine_is_called_by_address_or_localhost) {
    for (const std::string_view host :
         {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "10.1.2.3"}) {
        EXPECT_EQ(verdict({}, host, std::nullopt), "allowed") << host;
    }
    for (const std::string_view host : {"evil.example", "evil.example:8080", "localhost.evil.example",
                                        "127.0.0.1.evil.example", "localhost:evil", "[::1"}) {
        EXPECT_EQ(verdict({}, host, std::nullopt), "unknown_host") << host;
    }
    origin_options named;
    named.allowed_hosts = {"log1.example"};
    EXPECT_EQ(verdict(named, "Log1.example:1", std::nullopt), "allowed");
    origin_options open;
    open.serves_other_machines = true;
    EXPECT_EQ(verdict(open, "any.example", std::nullopt), "allowed");
}

TEST(origin_policy, pages_of_other_sites_are_kept_out) {
    origin_options open;
    open.serves_other_machines = true;
    for (const origin_options& options : {origin_options{}, open}) {
        EXPECT_EQ(verdict(options, "localhost:8080", "http://localhost:8080"), "allowed");
        EXPECT_EQ(verdict(options, "10.0.0.1:8080", "https://10.0.0.1:8080"), "allowed");
        EXPECT_EQ(verdict(options, "localhost:8080", "http://localhost:9090"), "foreign_origin");
        EXPECT_EQ(verdict(options, "localhost:8080", "http://evil.example"), "foreign_origin");
        EXPECT_EQ(verdict(options, "localhost:8080", "null"), "foreign_origin");
        EXPECT_EQ(verdict(options, "localhost:8080", ""), "foreign_origin");
        EXPECT_EQ(verdict(options, "localhost:8080", "localhost:8080"), "foreign_origin");
        // Its name points at this server's address.
        EXPECT_EQ(verdict(options, "evil.example:8080", "http://evil.example:8080"), "foreign_origin");
    }
    origin_options named;
    named.allowed_origins = {"https://console.example"};
    EXPECT_EQ(verdict(named, "localhost:8080", "https://console.example"), "allowed");
    EXPECT_EQ(verdict(named, "localhost:8080", "http://console.example"), "foreign_origin");
}

}  // namespace
}  // namespace logstore::http
