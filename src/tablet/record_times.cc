#include "tablet/record_times.h"

#include <optional>

#include "base/check.h"
#include "kafka/protocol/decompression.h"
#include "kafka/protocol/record.h"
#include "model/record_batch.h"

namespace logstore {
namespace {

std::optional<timed_record> first_among(const record_batch_header& header, bytes_view records,
                                        timestamp_ms wanted) {
    kafka::record_reader reader(records, header.record_count);
    for (;;) {
        const auto one = reader.next();
        if (!one || !*one) return std::nullopt;
        const timestamp_ms time = kafka::record_timestamp(header, **one);
        if (time < wanted) continue;
        // Nobody checked the deltas of compressed records when they came.
        if ((*one)->offset_delta < 0 || (*one)->offset_delta > header.last_offset_delta) return std::nullopt;
        return timed_record{kafka::record_offset(header, **one), time};
    }
}

}  // namespace

timed_record first_record_not_before(bytes_view batch, timestamp_ms wanted) {
    const auto header = read_record_batch_header(batch);
    CHECK(header && batch.size() >= header->size_bytes());
    if (header->is_log_append_time()) return {header->base_offset, header->max_timestamp};
    const bytes_view stored =
        batch.subspan(record_batch_header_bytes, header->size_bytes() - record_batch_header_bytes);
    const auto codec = static_cast<compression_codec>(header->codec_number());
    std::optional<timed_record> found;
    if (codec == compression_codec::none) {
        found = first_among(*header, stored, wanted);
    } else if (const auto records = kafka::decompress_records(codec, stored, lookup_decompressed_bytes_max)) {
        found = first_among(*header, *records, wanted);
    }
    return found.value_or(timed_record{header->base_offset, header->base_timestamp});
}

}  // namespace logstore
