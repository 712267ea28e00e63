// The records within a batch (model/record_batch.h has the batch): reading them one by one, and building
// batches.
//
//   record = length attributes timestamp-delta offset-delta key value header-count header…, all numbers
//   zigzag varints but the attributes; length counts what follows it. key, value and a header's value are a
//   length (-1 = null) and bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "kafka/protocol/wire_reader.h"
#include "model/record_batch.h"

namespace logstore::kafka {

struct record_header {
    std::string_view key;
    std::optional<bytes_view> value;
};

/// The headers of one record, checked but not yet taken apart. A view of the batch.
class record_headers {
  public:
    record_headers() = default;
    record_headers(std::size_t count, bytes_view content) : count_(count), content_(content) {}

    std::size_t count() const { return count_; }
    /// As in the batch: each a varint length and a key, a varint length (-1: null) and a value.
    bytes_view content() const { return content_; }
    /// Calls `visit(const record_header&)` for each, in order.
    template <class Visit>
    void for_each(Visit visit) const {
        wire_reader in(content_);
        for (std::size_t i = 0; i < count_; ++i) visit(read_one(in));
    }

    /// Reads one header; what it gives is of no use when `in` has failed.
    static record_header read_one(wire_reader& in);

  private:
    std::size_t count_ = 0;
    bytes_view content_;
};

/// One record. A view of the batch.
struct record {
    std::int8_t attributes = 0;
    std::int64_t timestamp_delta = 0;  ///< to the batch's base timestamp
    std::int32_t offset_delta = 0;     ///< to the batch's base offset
    std::optional<bytes_view> key;
    std::optional<bytes_view> value;
    record_headers headers;
};

/// Where a record lies, and when. Deltas are as untrusted as the rest: sums wrap around.
offset record_offset(const record_batch_header& batch, const record& one);
/// The batch's maximum for all records when the broker stamped it.
timestamp_ms record_timestamp(const record_batch_header& batch, const record& one);

/// Goes over the records of a batch, in order. Total; allocates nothing. Whether the deltas make sense is not
/// looked at.
class record_reader {
  public:
    /// `records` is what follows the batch header, decompressed; `record_count` is the header's.
    record_reader(bytes_view records, std::int32_t record_count);
    /// Of an uncompressed batch at the start of `batch`. Fails with bad_record or truncated where there is no
    /// whole batch, and with compressed; says nothing of the CRC.
    static result<record_reader> of_batch(bytes_view batch);

    /// The next record; nothing after the last, when all bytes are used up. After a failure there is nothing
    /// more to be had.
    result<std::optional<record>> next();

  private:
    wire_reader in_;
    std::int32_t left_;
};

/// Collects records into one batch. One thread at a time. No limit: the user watches size_bytes().
class record_batch_builder {
  public:
    struct options {
        producer_id producer = no_producer_id;
        std::int16_t producer_epoch = -1;
        std::int32_t base_sequence = -1;
        bool is_transactional = false;
        bool is_control = false;
    };

    record_batch_builder() = default;
    explicit record_batch_builder(options with) : options_(with) {}

    void append(timestamp_ms timestamp, std::optional<bytes_view> key, std::optional<bytes_view> value,
                std::span<const record_header> headers = {});

    std::int32_t record_count() const { return count_; }
    /// Of the batch when finished without compression.
    std::size_t size_bytes() const { return record_batch_header_bytes + records_.size(); }
    /// What a compressor takes.
    bytes_view records() const { return records_; }

    /// The batch as a producer sends it: base offset 0, no leader epoch, CRC in place. REQUIRES: at least one
    /// record.
    byte_vector finish() const { return finish(compression_codec::none, records_); }
    /// The same with records() compressed by `codec`.
    byte_vector finish(compression_codec codec, bytes_view compressed_records) const;

  private:
    options options_;
    byte_vector records_;
    std::int32_t count_ = 0;
    timestamp_ms base_timestamp_;
    timestamp_ms max_timestamp_;
};

}  // namespace logstore::kafka
