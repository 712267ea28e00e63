#include "kafka/protocol/header.h"

#include <fmt/format.h>

#include "kafka/protocol/codec.h"

namespace logstore::kafka {

result<request_frame> decode_request_frame(bytes_view frame, const decode_limits& limits) {
    wire_reader fixed_part(frame);
    request_frame decoded;
    request_header& header = decoded.header;
    header.api = static_cast<api_key>(fixed_part.fixed<std::int16_t>());
    header.version = api_version(fixed_part.fixed<std::int16_t>());
    header.correlation_id = fixed_part.fixed<std::int32_t>();
    if (fixed_part.failed()) return fail_decoding(fixed_part, "a request header");

    const api_info* info = find_api(header.api);
    if (info == nullptr || !info->is_offered()) {
        return fail(protocol_errc::unknown_api, fmt::format("API {}", static_cast<std::int16_t>(header.api)));
    }
    if (header.api == api_key::api_versions && header.version > info->advertised_max) {
        decoded.is_unknown_api_versions = true;
        return decoded;
    }
    if (!info->serves(header.version)) {
        return fail(protocol_errc::unsupported_version,
                    fmt::format("{} version {}", info->name, header.version.value()));
    }

    const bool flexible = info->is_flexible(header.version);
    decoder io(frame.subspan(fixed_part.position()), header.version, flexible, limits);
    io.old_nullable_string(header.client_id);
    if (flexible) io.skip_tags();
    if (io.in().failed()) return fail_decoding(io.in(), "a request header");
    decoded.body = io.in().take(io.in().remaining());
    return decoded;
}

result<std::int32_t> response_correlation_id(bytes_view frame) {
    wire_reader in(frame);
    const auto id = in.fixed<std::int32_t>();
    if (in.failed()) return fail_decoding(in, "a response header");
    return id;
}

}  // namespace logstore::kafka
