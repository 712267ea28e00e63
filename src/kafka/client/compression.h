// Compressing the records of a batch; kafka/protocol/decompression.h is the way back.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "model/record_batch.h"

namespace logstore::kafka {

/// `records` (record_batch_builder::records) in what Kafka's clients expect of `codec`: one gzip member;
/// snappy blocks framed as the Java library writes them (xerial); one lz4 frame; one zstd frame. Any thread;
/// blocks for as long as it takes. Running out of memory ends the process.
byte_vector compress_records(compression_codec codec, bytes_view records);

/// "none", "gzip", "snappy", "lz4", "zstd"; nothing for any other name.
std::optional<compression_codec> codec_of_name(std::string_view name);
std::string_view codec_name(compression_codec codec);

}  // namespace logstore::kafka
