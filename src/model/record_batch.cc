#include "model/record_batch.h"

#include "base/check.h"
#include "base/crc32c.h"

namespace logstore {

std::optional<record_batch_header> read_record_batch_header(bytes_view bytes) {
    if (bytes.size() < record_batch_header_bytes) return std::nullopt;
    const std::byte* p = bytes.data();
    record_batch_header h;
    h.base_offset = offset(load_big<std::int64_t>(p));
    h.batch_length = load_big<std::int32_t>(p + 8);
    h.epoch = leader_epoch(load_big<std::int32_t>(p + 12));
    h.magic = load_big<std::int8_t>(p + 16);
    h.crc = load_big<std::uint32_t>(p + 17);
    h.attributes = load_big<std::int16_t>(p + 21);
    h.last_offset_delta = load_big<std::int32_t>(p + 23);
    h.base_timestamp = timestamp_ms(load_big<std::int64_t>(p + 27));
    h.max_timestamp = timestamp_ms(load_big<std::int64_t>(p + 35));
    h.producer = producer_id(load_big<std::int64_t>(p + 43));
    h.producer_epoch = load_big<std::int16_t>(p + 51);
    h.base_sequence = load_big<std::int32_t>(p + 53);
    h.record_count = load_big<std::int32_t>(p + 57);
    constexpr auto length_min = static_cast<std::int32_t>(record_batch_header_bytes - record_batch_length_prefix_bytes);
    if (h.magic != record_batch_magic || h.batch_length < length_min) return std::nullopt;
    return h;
}

bool record_batch_crc_holds(const record_batch_header& header, bytes_view bytes) {
    if (bytes.size() < header.size_bytes()) return false;
    return crc32c(bytes.subspan(record_batch_crc_start, header.size_bytes() - record_batch_crc_start)) == header.crc;
}

void assign_record_batch(std::byte* batch, offset base_offset, leader_epoch epoch) {
    store_big(batch, base_offset.value());
    store_big(batch + 12, epoch.value());
}

void stamp_log_append_time(mutable_bytes batch, timestamp_ms now) {
    CHECK(batch.size() >= record_batch_header_bytes);
    const auto attributes = static_cast<std::int16_t>(load_big<std::int16_t>(batch.data() + 21) | 8);
    store_big(batch.data() + 21, attributes);
    store_big(batch.data() + 35, now.value());
    store_big(batch.data() + 17, crc32c(batch.subspan(record_batch_crc_start)));
}

}  // namespace logstore
