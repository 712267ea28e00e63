#include "kafka/protocol/record.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/check.h"
#include "base/crc32c.h"
#include "kafka/protocol/wire_writer.h"

namespace logstore::kafka {
namespace {

std::optional<bytes_view> read_nullable(wire_reader& in) {
    const std::int32_t length = in.signed_varint();
    if (length < -1) in.fail(protocol_errc::bad_length);
    if (length < 0) return std::nullopt;
    return in.take(static_cast<std::size_t>(length));
}

/// Reads the headers only to see that they are whole, and keeps their bytes.
record_headers read_headers(wire_reader& in) {
    constexpr std::size_t header_bytes_min = 2;
    const std::int32_t count = in.signed_varint();
    if (count < 0 || static_cast<std::size_t>(count) > in.remaining() / header_bytes_min) {
        in.fail(protocol_errc::bad_count);
        return {};
    }
    wire_reader look = in;
    for (std::int32_t i = 0; i < count && !look.failed(); ++i) record_headers::read_one(look);
    if (look.failed()) {
        in.fail(look.failure());
        return {};
    }
    return {static_cast<std::size_t>(count), in.take(look.position() - in.position())};
}

record read_record(wire_reader& in) {
    record read;
    read.attributes = in.fixed<std::int8_t>();
    read.timestamp_delta = in.signed_varlong();
    read.offset_delta = in.signed_varint();
    read.key = read_nullable(in);
    read.value = read_nullable(in);
    read.headers = read_headers(in);
    if (in.remaining() != 0) in.fail(protocol_errc::bad_record);
    return read;
}

std::size_t nullable_size(std::optional<bytes_view> bytes) {
    if (!bytes) return wire_writer::signed_varint_size(-1);
    return wire_writer::signed_varint_size(static_cast<std::int64_t>(bytes->size())) + bytes->size();
}

void write_nullable(wire_writer& out, std::optional<bytes_view> bytes) {
    if (!bytes) return out.signed_varint(-1);
    out.signed_varint(static_cast<std::int64_t>(bytes->size()));
    out.bytes(*bytes);
}

std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

offset record_offset(const record_batch_header& batch, const record& one) {
    return offset(wrapping_sum(batch.base_offset.value(), one.offset_delta));
}

timestamp_ms record_timestamp(const record_batch_header& batch, const record& one) {
    if (batch.is_log_append_time()) return batch.max_timestamp;
    return timestamp_ms(wrapping_sum(batch.base_timestamp.value(), one.timestamp_delta));
}

record_header record_headers::read_one(wire_reader& in) {
    record_header header;
    const std::optional<bytes_view> key = read_nullable(in);
    if (key) {
        header.key = text_of(*key);
    } else {
        in.fail(protocol_errc::null_not_allowed);
    }
    header.value = read_nullable(in);
    return header;
}

record_reader::record_reader(bytes_view records, std::int32_t record_count)
    : in_(records), left_(record_count) {
    if (record_count < 0) in_.fail(protocol_errc::bad_count);
}

result<record_reader> record_reader::of_batch(bytes_view batch) {
    const auto header = read_record_batch_header(batch);
    if (!header) return fail(protocol_errc::bad_record, "no record batch of version 2");
    if (batch.size() < header->size_bytes()) return fail(protocol_errc::truncated, "a record batch");
    if (header->codec_number() != 0) return fail(protocol_errc::compressed);
    return record_reader(
        batch.subspan(record_batch_header_bytes, header->size_bytes() - record_batch_header_bytes),
        header->record_count);
}

result<std::optional<record>> record_reader::next() {
    if (left_ == 0 && in_.remaining() != 0) in_.fail(protocol_errc::trailing_bytes);
    if (left_ == 0 && !in_.failed()) return std::nullopt;
    const std::int32_t length = in_.signed_varint();
    if (length < 0) in_.fail(protocol_errc::bad_length);
    if (static_cast<std::size_t>(std::max(length, 0)) > in_.remaining()) in_.fail(protocol_errc::truncated);
    record read;
    if (!in_.failed()) {
        const wire_reader::end_mark end = in_.restrict_to(static_cast<std::size_t>(length));
        read = read_record(in_);
        in_.widen_to(end);
    }
    if (in_.failed()) return fail(in_.failure(), fmt::format("records, at byte {}", in_.position()));
    --left_;
    return read;
}

void record_batch_builder::append(timestamp_ms timestamp, std::optional<bytes_view> key,
                                  std::optional<bytes_view> value, std::span<const record_header> headers) {
    if (count_ == 0) base_timestamp_ = max_timestamp_ = timestamp;
    max_timestamp_ = std::max(max_timestamp_, timestamp);
    const std::int64_t timestamp_delta = timestamp - base_timestamp_;

    std::size_t size = sizeof(std::int8_t) + wire_writer::signed_varint_size(timestamp_delta) +
                       wire_writer::signed_varint_size(count_) + nullable_size(key) + nullable_size(value) +
                       wire_writer::signed_varint_size(static_cast<std::int64_t>(headers.size()));
    for (const record_header& header : headers)
        size += nullable_size(bytes_of(header.key)) + nullable_size(header.value);

    wire_writer out(records_);
    out.signed_varint(static_cast<std::int64_t>(size));
    const std::size_t start = out.size();
    out.fixed(std::int8_t(0));
    out.signed_varint(timestamp_delta);
    out.signed_varint(count_);
    write_nullable(out, key);
    write_nullable(out, value);
    out.signed_varint(static_cast<std::int64_t>(headers.size()));
    for (const record_header& header : headers) {
        write_nullable(out, bytes_of(header.key));
        write_nullable(out, header.value);
    }
    CHECK(out.size() - start == size);
    ++count_;
}

byte_vector record_batch_builder::finish(compression_codec codec, bytes_view compressed_records) const {
    CHECK(count_ > 0);
    const std::size_t size = record_batch_header_bytes + compressed_records.size();
    CHECK(size <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()));
    byte_vector batch;
    batch.reserve(size);
    wire_writer out(batch);
    out.fixed(std::int64_t(0));
    out.fixed(static_cast<std::int32_t>(size - record_batch_length_prefix_bytes));
    out.fixed(no_leader_epoch.value());
    out.fixed(record_batch_magic);
    const std::size_t crc_position = out.size();
    out.fixed(std::uint32_t(0));
    CHECK(out.size() == record_batch_crc_start);
    out.fixed(static_cast<std::int16_t>(static_cast<int>(codec) | (options_.is_transactional ? 16 : 0) |
                                        (options_.is_control ? 32 : 0)));
    out.fixed(count_ - 1);
    out.fixed(base_timestamp_.value());
    out.fixed(max_timestamp_.value());
    out.fixed(options_.producer.value());
    out.fixed(options_.producer_epoch);
    out.fixed(options_.base_sequence);
    out.fixed(count_);
    CHECK(out.size() == record_batch_header_bytes);
    out.bytes(compressed_records);
    out.finish();
    store_big(batch.data() + crc_position, crc32c(bytes_view(batch).subspan(record_batch_crc_start)));
    return batch;
}

}  // namespace logstore::kafka
