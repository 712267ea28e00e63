// A length and a request header.
#include "base/check.h"
#include "kafka/protocol/frame.h"
#include "kafka/protocol/header.h"

using namespace logstore;
using namespace logstore::kafka;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const bytes_view input(reinterpret_cast<const std::byte*>(data), size);
    constexpr std::size_t frame_max_bytes = 1 << 20;
    const auto length = frame_length(input, frame_max_bytes);
    if (!length || !*length) return 0;
    CHECK(**length <= frame_max_bytes);
    const bytes_view rest = input.subspan(frame_prefix_bytes);
    const bytes_view frame = rest.first(std::min(**length, rest.size()));
    const auto request = decode_request_frame(frame);
    if (!request) return 0;
    CHECK(request->body.size() <= frame.size());
    const api_info& api = api_of(request->header.api);
    CHECK(api.serves(request->header.version) || request->is_unknown_api_versions);
    return 0;
}
