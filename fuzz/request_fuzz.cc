// A body of any API, version and direction: direction i8 (0 = request, 1 = response), API key i16, version
// i16, body.
#include "base/check.h"
#include "kafka/protocol/codec.h"
#include "kafka/protocol/messages/all.h"

using namespace logstore;
using namespace logstore::kafka;

namespace {

template <message T>
void run(bytes_view body, api_version v) {
    const auto decoded = decode_body<T>(body, v);
    if (!decoded) return;
    // Once encoded by us the bytes are canonical: no unknown tags, no padded numbers.
    byte_vector first;
    CHECK(encode_body(first, *decoded, v).has_value());
    const auto again = decode_body<T>(first, v);
    CHECK(again.has_value());
    byte_vector second;
    CHECK(encode_body(second, *again, v).has_value());
    CHECK(first == second);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wire_reader in(bytes_view(reinterpret_cast<const std::byte*>(data), size));
    const bool is_response = in.fixed<std::int8_t>() & 1;
    const auto api = static_cast<api_key>(in.fixed<std::int16_t>());
    const api_version v(in.fixed<std::int16_t>());
    if (in.failed() || find_api(api) == nullptr || !api_of(api).serves(v)) return 0;
    const bytes_view body = in.take(in.remaining());
    all_apis::for_key(api, [&]<class Api>(Api) {
        if (is_response) {
            run<typename Api::response>(body, v);
        } else {
            run<typename Api::request>(body, v);
        }
    });
    return 0;
}
