// Compressed records of any codec: the first byte is the codec's number.
#include "base/check.h"
#include "kafka/protocol/decompression.h"

using namespace logstore;
using namespace logstore::kafka;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t bytes_max = 1024 * 1024;
    if (size == 0) return 0;
    const bytes_view input(reinterpret_cast<const std::byte*>(data), size);
    const auto codec = static_cast<compression_codec>(data[0]);
    const auto records = decompress_records(codec, input.subspan(1), bytes_max);
    if (!records) return 0;
    CHECK(records->size() <= bytes_max);
    // With no more room than is needed it gives the same; with less, nothing.
    const auto again = decompress_records(codec, input.subspan(1), records->size());
    CHECK(again && *again == *records);
    if (!records->empty()) CHECK(!decompress_records(codec, input.subspan(1), records->size() - 1));
    return 0;
}
