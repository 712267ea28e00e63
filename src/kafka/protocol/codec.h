// Messages to bytes and back: the entry points of the codec.
//
// Server:  decode_request_frame() (header.h), then decode_body<metadata_request>(frame.body,
// frame.header.version); answer with
//          append_response(), or for Fetch append_scattered_response().
// Client:  append_request(); response_correlation_id() (header.h), then
// decode_response<metadata_response>(frame, version). All of it is pure: no state, any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "kafka/protocol/api_table.h"
#include "kafka/protocol/decoder.h"
#include "kafka/protocol/encoder.h"
#include "kafka/protocol/header.h"

namespace logstore::kafka {

/// "`what`, at byte 17 (a field goes on after the end of the bytes)".
std::unexpected<error> fail_decoding(const wire_reader& in, std::string_view what);
std::unexpected<error> fail_encoding(api_key api, api_version v);

namespace detail {
/// Writes the length in front of what was written from `start` on; false = more than a frame may have.
bool close_frame(wire_writer& out, std::size_t start, std::size_t inserted_bytes);

template <message T>
result<T> decode_with(decoder& io) {
    result<T> decoded(std::in_place);
    io.structure(*decoded);
    if (!io.in().failed() && io.in().remaining() != 0) io.in().fail(protocol_errc::trailing_bytes);
    if (io.in().failed()) [[unlikely]]
        decoded = fail_decoding(io.in(), api_name(T::api));
    return decoded;
}
template <message T>
result<> append_response(byte_vector& out, std::vector<insertion>* insertions, api_version v,
                         std::int32_t correlation_id, const T& m) {
    const std::size_t start = out.size();
    wire_writer writer(out);
    encoder io(writer, v, api_of(T::api).is_flexible(v), insertions);
    io(std::int32_t(0), correlation_id);
    if (response_header_is_flexible(T::api, v)) writer.unsigned_varint(0);
    io.structure(m);
    if (!io.failed() && close_frame(writer, start, io.inserted_bytes())) return {};
    writer.truncate(start);
    return fail_encoding(T::api, v);
}
}  // namespace detail

/// Decodes the whole of `body`. The message may hold views of it (description.h).
/// REQUIRES: a version that api_table serves; others give nonsense, though no harm.
template <message T>
result<T> decode_body(bytes_view body, api_version v, const decode_limits& limits = {}) {
    decoder io(body, v, api_of(T::api).is_flexible(v), limits);
    return detail::decode_with<T>(io);
}

/// The same, and says how much memory the message's lists take.
template <message T>
result<T> decode_body(bytes_view body, api_version v, const decode_limits& limits, std::size_t& list_bytes) {
    decoder io(body, v, api_of(T::api).is_flexible(v), limits);
    result<T> decoded = detail::decode_with<T>(io);
    list_bytes = io.list_memory_bytes();
    return decoded;
}

/// Appends the body alone. On failure `out` is as before.
template <message T>
result<> encode_body(byte_vector& out, const T& m, api_version v) {
    const std::size_t start = out.size();
    wire_writer writer(out);
    encoder io(writer, v, api_of(T::api).is_flexible(v));
    io.structure(m);
    if (!io.failed()) return {};
    writer.truncate(start);
    return fail_encoding(T::api, v);
}

/// Appends a whole frame: length, header, body. On failure `out` is as before.
template <message T>
result<> append_request(byte_vector& out, api_version v, std::int32_t correlation_id,
                        std::optional<std::string_view> client_id, const T& m) {
    const std::size_t start = out.size();
    const bool flexible = api_of(T::api).is_flexible(v);
    wire_writer writer(out);
    encoder io(writer, v, flexible);
    io(std::int32_t(0), T::api, v.value(), correlation_id);
    io.old_nullable_string(client_id);
    if (flexible) writer.unsigned_varint(0);
    io.structure(m);
    if (!io.failed() && detail::close_frame(writer, start, 0)) return {};
    writer.truncate(start);
    return fail_encoding(T::api, v);
}

/// Appends a whole frame: length, header, body. On failure `out` is as before. REQUIRES: no placeholders in
/// `m`.
template <message T>
result<> append_response(byte_vector& out, api_version v, std::int32_t correlation_id, const T& m) {
    return detail::append_response(out, nullptr, v, correlation_id, m);
}

/// Appends a whole frame in which the bytes of placeholders are missing; `insertions` gets one entry a
/// placeholder, in order, with positions in `out`. The frame's length counts them. On failure both are as
/// before.
template <message T>
result<> append_scattered_response(byte_vector& out, std::vector<insertion>& insertions, api_version v,
                                   std::int32_t correlation_id, const T& m) {
    const std::size_t insertions_before = insertions.size();
    auto appended = detail::append_response(out, &insertions, v, correlation_id, m);
    if (!appended) insertions.resize(insertions_before);
    return appended;
}

/// Decodes a response from its header on; `frame` is what follows the length.
template <message T>
result<T> decode_response(bytes_view frame, api_version v, const decode_limits& limits = {}) {
    decoder io(frame, v, api_of(T::api).is_flexible(v), limits);
    io.in().fixed<std::int32_t>();
    if (response_header_is_flexible(T::api, v)) io.skip_tags();
    return detail::decode_with<T>(io);
}

}  // namespace logstore::kafka
