// A tablet's files: batch headers one after another, indexes, seals, names.
#include "base/check.h"
#include "log/offset_index.h"
#include "log/segment_files.h"
#include "model/record_batch.h"

using namespace logstore;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const bytes_view input(reinterpret_cast<const std::byte*>(data), size);
    for (bytes_view rest = input; const auto header = read_record_batch_header(rest);) {
        CHECK(header->size_bytes() >= record_batch_header_bytes);
        const bool holds = record_batch_crc_holds(*header, rest);
        if (header->size_bytes() > rest.size()) {
            CHECK(!holds);
            break;
        }
        rest = rest.subspan(header->size_bytes());
    }
    if (const auto seal = decode_segment_seal(input)) {
        const byte_vector again = encode_segment_seal(*seal);
        CHECK(decode_segment_seal(again).has_value());
    }
    (void)parse_segment_name(text_of(input));
    (void)parse_tablet_directory_name(text_of(input));
    if (size < 2) return 0;
    const std::size_t cut = std::min<std::size_t>(size - 1, std::size_t(data[0]) * 8);
    const bytes_view offsets = input.subspan(1, cut / 8 * 8 <= size - 1 ? cut / 8 * 8 : 0);
    const bytes_view times = input.subspan(1 + offsets.size());
    constexpr std::uint64_t segment_bytes = 1 << 20;
    const auto index =
        offset_index::decode(offset(1000), offsets, times.first(times.size() / 12 * 12), segment_bytes);
    if (!index) return 0;
    for (const std::int64_t wanted :
         {std::int64_t(0), std::int64_t(1000), std::int64_t(5000), INT64_MAX / 2}) {
        CHECK(index->position_before(offset(wanted)) < segment_bytes);
        CHECK(index->position_before(timestamp_ms(wanted)) < segment_bytes);
        CHECK(index->batch_start_before(static_cast<std::uint64_t>(wanted)) < segment_bytes);
    }
    return 0;
}
