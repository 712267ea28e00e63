#include "kafka/protocol/codec.h"

#include <limits>

#include <fmt/format.h>

#include "kafka/protocol/frame.h"

namespace logstore::kafka {

std::unexpected<error> fail_decoding(const wire_reader& in, std::string_view what) {
    return fail(in.failure(), fmt::format("{}, at byte {}", what, in.position()));
}

std::unexpected<error> fail_encoding(api_key api, api_version v) {
    return fail(protocol_errc::not_representable, fmt::format("{} version {}", api_name(api), v.value()));
}

bool detail::close_frame(wire_writer& out, std::size_t start, std::size_t inserted_bytes) {
    const std::size_t length = out.size() - start - frame_prefix_bytes + inserted_bytes;
    if (length > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) return false;
    out.patch(start, static_cast<std::int32_t>(length));
    return true;
}

}  // namespace logstore::kafka
