#include "kafka/server/batch_validator.h"

#include <cstdint>
#include <cstring>

#include "kafka/protocol/wire_reader.h"

namespace logstore::kafka {
namespace {

constexpr std::size_t magic_position = 16;
/// Length, attributes, timestamp delta, offset delta, key, value and header count, one byte each.
constexpr std::size_t record_bytes_min = 7;
/// More than any real batch reaches, and so little that offsets cannot be used up by lies: a batch claims at
/// most as many records as its bytes could hold if they shrank to a thousandth.
constexpr std::size_t compressed_records_per_byte_max = 1000 / record_bytes_min;

constexpr batch_verdict corrupt(const char* message) {
    return {error_code::corrupt_message, message};
}
constexpr batch_verdict invalid(const char* message) {
    return {error_code::invalid_record, message};
}

batch_verdict check_codec(const record_batch_header& header, const batch_rules& rules) {
    constexpr int codec_max = static_cast<int>(compression_codec::zstd);
    if (header.codec_number() > codec_max) {
        return {error_code::unsupported_compression_type, "the compression codec is not known"};
    }
    if (header.codec_number() == codec_max && !rules.allows_zstd) {
        return {error_code::unsupported_compression_type, "zstd needs Produce version 7 or above"};
    }
    return {};
}

/// REQUIRES: the CRC holds, so that these are the client's own words.
batch_verdict check_fields(const record_batch_header& header) {
    if (header.base_offset != offset(0)) return invalid("the base offset of a produced batch must be 0");
    if (header.is_control()) return invalid("clients may not write control batches");
    if (header.record_count <= 0) return invalid("the batch has no records");
    if (header.last_offset_delta != header.record_count - 1) {
        return invalid("the last offset delta does not fit the record count");
    }
    if (header.is_transactional()) return {error_code::invalid_txn_state, "transactions are not supported"};
    if (header.producer >= producer_id(0) && header.base_sequence < 0) {
        return invalid("a batch of an idempotent producer needs a base sequence");
    }
    return {};
}

/// Each record's length leads to the next, and the last ends with the batch.
bool records_fill(bytes_view records, std::int32_t count) {
    const std::byte* at = records.data();
    const std::byte* const end = at + records.size();
    // Records are often of one size. Where the first two bytes are those of the record before, its size is
    // taken without waiting for them to be read: a walk from length to length is all waiting.
    std::uint16_t start_before = 0;
    std::ptrdiff_t bytes_before = end - at + 1;  // of no record
    for (; count > 0; --count) {
        if (end - at < static_cast<std::ptrdiff_t>(record_bytes_min)) return false;
        std::uint16_t start;
        std::memcpy(&start, at, sizeof start);
        if (start != start_before || end - at < bytes_before) {
            wire_reader in(bytes_view(at, end));
            const std::int32_t length = in.signed_varint();
            if (length < static_cast<std::int32_t>(record_bytes_min) - 1) return false;
            in.take(static_cast<std::size_t>(length));
            if (in.failed()) return false;
            const auto bytes = static_cast<std::ptrdiff_t>(in.position());
            const bool is_in_start = bytes - length <= static_cast<std::ptrdiff_t>(sizeof start);
            start_before = start;
            bytes_before = is_in_start ? bytes : end - at + 1;
            at += bytes;
        } else {
            at += bytes_before;
        }
    }
    return at == end;
}

batch_verdict check_records(const record_batch_header& header, bytes_view batch) {
    const bytes_view records = batch.subspan(record_batch_header_bytes);
    const auto count = static_cast<std::size_t>(header.record_count);
    if (header.codec_number() == static_cast<int>(compression_codec::none)) {
        // Looked at before the walk, so that a lying count costs nothing.
        if (count > records.size() / record_bytes_min || !records_fill(records, header.record_count)) {
            return invalid("the records do not fill the batch as its header says");
        }
    } else if (count > records.size() * compressed_records_per_byte_max) {
        return invalid("the batch is too small for so many records");
    }
    return {};
}

}  // namespace

batch_verdict check_produced_batch(const record_bytes& records, const batch_rules& rules) {
    const bytes_view bytes = records.bytes();
    if (bytes.empty()) return invalid("a produce request needs one record batch for each partition");
    if (bytes.size() <= magic_position) return corrupt("the record batch is cut off");
    const auto magic = static_cast<std::int8_t>(bytes[magic_position]);
    if (magic == 0 || magic == 1) return invalid("message sets of magic 0 and 1 are not supported");
    if (magic != record_batch_magic) return corrupt("the magic of the record batch is not known");
    if (bytes.size() < record_batch_header_bytes) return corrupt("the record batch is cut off");

    const auto header = read_record_batch_header(bytes);
    if (!header) return corrupt("the length of the record batch is smaller than its header");
    if (header->size_bytes() > bytes.size()) return corrupt("the record batch is cut off");
    if (header->size_bytes() < bytes.size()) return invalid("a partition takes one record batch at a time");
    if (const auto verdict = check_codec(*header, rules); verdict.error != error_code::none) return verdict;
    if (bytes.size() > rules.batch_bytes_max) {
        return {error_code::message_too_large, "the record batch is larger than max.message.bytes"};
    }
    if (!record_batch_crc_holds(*header, bytes)) return corrupt("the CRC of the record batch does not hold");
    if (const auto verdict = check_fields(*header); verdict.error != error_code::none) return verdict;
    return check_records(*header, bytes);
}

}  // namespace logstore::kafka
