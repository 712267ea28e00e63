// The codec behind a pipe, for oracle.py: decodes each message from standard input and encodes it again to
// standard output.
//
//   input:   length u32, kind i8, API key i16, version i16, version to encode in i16, bytes
//   output:  length u32, status u8, bytes or a sentence
//   kind:    0 request body, 1 response body, 2 request with header, 3 response with header
//   status:  0 fine, 1 not decoded, 2 not encoded
//
// With --table: one line an API: key, name, first flexible version, first and last version served (0 -1 =
// none).
#include <cstdio>
#include <string_view>

#include "kafka/protocol/codec.h"
#include "kafka/protocol/frame.h"
#include "kafka/protocol/messages/all.h"

namespace logstore::kafka {
namespace {

enum class message_kind : std::int8_t { request_body, response_body, request_frame, response_frame };
enum class status : std::uint8_t { fine, not_decoded, not_encoded };

struct task {
    message_kind kind{};
    api_key api{};
    api_version version;
    api_version encode_version;
    bytes_view content;
};

struct answer {
    status what{};
    byte_vector content;
};

answer refused(status what, const error& why) {
    const std::string sentence = why.message();
    const bytes_view bytes = bytes_of(sentence);
    return {what, byte_vector(bytes.begin(), bytes.end())};
}

/// The frame without its length.
answer encoded(result<> outcome, byte_vector frame, std::size_t prefix_bytes) {
    if (!outcome) return refused(status::not_encoded, outcome.error());
    frame.erase(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(prefix_bytes));
    return {status::fine, std::move(frame)};
}

template <message T>
answer echo_body(const task& one) {
    const auto decoded = decode_body<T>(one.content, one.version);
    if (!decoded) return refused(status::not_decoded, decoded.error());
    byte_vector out;
    const auto outcome = encode_body(out, *decoded, one.encode_version);
    return encoded(outcome, std::move(out), 0);
}

template <message T>
answer echo_request(const task& one) {
    const auto frame = decode_request_frame(one.content);
    if (!frame) return refused(status::not_decoded, frame.error());
    const request_header& header = frame->header;
    const auto decoded = decode_body<T>(frame->body, header.version);
    if (!decoded) return refused(status::not_decoded, decoded.error());
    byte_vector out;
    const auto outcome =
        append_request(out, header.version, header.correlation_id, header.client_id, *decoded);
    return encoded(outcome, std::move(out), frame_prefix_bytes);
}

template <message T>
answer echo_response(const task& one) {
    const auto decoded = decode_response<T>(one.content, one.version);
    if (!decoded) return refused(status::not_decoded, decoded.error());
    byte_vector out;
    const auto correlation_id = response_correlation_id(one.content);
    const auto outcome = append_response(out, one.version, correlation_id.value_or(0), *decoded);
    return encoded(outcome, std::move(out), frame_prefix_bytes);
}

answer echo(const task& one) {
    answer out = refused(status::not_decoded, error(protocol_errc::unknown_api));
    all_apis::for_key(one.api, [&]<class Api>(Api) {
        switch (one.kind) {
            case message_kind::request_body: out = echo_body<typename Api::request>(one); break;
            case message_kind::response_body: out = echo_body<typename Api::response>(one); break;
            case message_kind::request_frame: out = echo_request<typename Api::request>(one); break;
            case message_kind::response_frame: out = echo_response<typename Api::response>(one); break;
        }
    });
    return out;
}

task parse(bytes_view input) {
    wire_reader in(input);
    task one;
    one.kind = static_cast<message_kind>(in.fixed<std::int8_t>());
    one.api = static_cast<api_key>(in.fixed<std::int16_t>());
    one.version = api_version(in.fixed<std::int16_t>());
    one.encode_version = api_version(in.fixed<std::int16_t>());
    one.content = in.take(in.remaining());
    CHECK(!in.failed());
    return one;
}

bool read_input(byte_vector& input) {
    std::byte prefix[4];
    if (std::fread(prefix, 1, sizeof prefix, stdin) != sizeof prefix) return false;
    input = byte_vector(
        load_big<std::uint32_t>(prefix));  // of its exact size: a sanitizer sees a read past the end
    return std::fread(input.data(), 1, input.size(), stdin) == input.size();
}

void write_answer(const answer& one) {
    byte_vector out;
    wire_writer writer(out);
    writer.fixed(static_cast<std::uint32_t>(one.content.size() + 1));
    writer.fixed(static_cast<std::uint8_t>(one.what));
    writer.bytes(one.content);
    writer.finish();
    std::fwrite(out.data(), 1, out.size(), stdout);
}

void print_table() {
    for (const api_info& info : api_table) {
        std::printf("%d %.*s %d %d %d\n", static_cast<int>(info.key), static_cast<int>(info.name.size()),
                    info.name.data(), info.first_flexible, info.is_offered() ? info.served_min : 0,
                    info.is_offered() ? info.advertised_max : -1);
    }
}

}  // namespace
}  // namespace logstore::kafka

int main(int argument_count, char** arguments) {
    using namespace logstore;
    using namespace logstore::kafka;
    if (argument_count > 1 && std::string_view(arguments[1]) == "--table") {
        print_table();
        return 0;
    }
    for (byte_vector input; read_input(input);) write_answer(echo(parse(input)));
    return 0;
}
