#include "tablet/record_times.h"

#include <optional>

#include "base/check.h"
#include "kafka/protocol/decompression.h"
#include "kafka/protocol/record.h"
#include "model/record_batch.h"

namespace logstore {
namespace {

bytes_view stored_records(const record_batch_header& header, bytes_view batch) {
    CHECK(batch.size() >= header.size_bytes());
    return batch.subspan(record_batch_header_bytes, header.size_bytes() - record_batch_header_bytes);
}

/// Calls `look` with each record of the uncompressed `records` until it answers false. False when they are
/// not what the batch says.
bool walk(const record_batch_header& header, bytes_view records, auto& look) {
    kafka::record_reader reader(records, header.record_count);
    for (;;) {
        const auto one = reader.next();
        if (!one) return false;
        if (!*one) return true;
        // Nobody checked the deltas of compressed records when they came.
        const bool is_inside = (*one)->offset_delta >= 0 && (*one)->offset_delta <= header.last_offset_delta;
        const timed_record found{kafka::record_offset(header, **one), kafka::record_timestamp(header, **one)};
        if (!look(found, is_inside)) return true;
    }
}

/// The same for records as they are stored.
bool look_at_records(const record_batch_header& header, bytes_view stored, auto look) {
    const auto codec = static_cast<compression_codec>(header.codec_number());
    if (codec == compression_codec::none) return walk(header, stored, look);
    const auto records = kafka::decompress_records(codec, stored, lookup_decompressed_bytes_max);
    return records && walk(header, *records, look);
}

}  // namespace

timed_record first_record_not_before(bytes_view batch, timestamp_ms wanted) {
    const auto header = read_record_batch_header(batch);
    CHECK(header);
    const auto found = first_record_not_before(batch, wanted, header->base_offset);
    return found.value_or(timed_record{header->base_offset, header->base_timestamp});
}

std::optional<timed_record> first_record_not_before(bytes_view batch, timestamp_ms wanted, offset from) {
    const auto header = read_record_batch_header(batch);
    CHECK(header && header->base_offset <= from && from <= header->last_offset());
    if (header->is_log_append_time()) return timed_record{from, header->max_timestamp};
    std::optional<timed_record> found;
    bool is_sound = true;
    const bool was_read = look_at_records(
        *header, stored_records(*header, batch), [&](const timed_record& one, bool is_inside) {
            if (one.timestamp < wanted || (is_inside && one.record_offset < from)) return true;
            is_sound = is_inside;
            if (is_inside) found = one;
            return false;
        });
    if (!was_read || !is_sound) return timed_record{from, header->base_timestamp};
    return found;
}

timed_record latest_record(bytes_view batch, offset from) {
    const auto header = read_record_batch_header(batch);
    CHECK(header && header->base_offset <= from && from <= header->last_offset());
    std::optional<timed_record> latest;
    bool is_sound = !header->is_log_append_time();
    const bool was_read =
        is_sound && look_at_records(*header, stored_records(*header, batch),
                                    [&](const timed_record& one, bool is_inside) {
                                        is_sound = is_inside;
                                        const bool counts = is_inside && one.record_offset >= from;
                                        if (counts && (!latest || one.timestamp > latest->timestamp))
                                            latest = one;
                                        return is_inside;
                                    });
    if (!was_read || !is_sound || !latest) return {from, header->max_timestamp};
    return *latest;
}

}  // namespace logstore
