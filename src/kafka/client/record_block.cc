#include "kafka/client/record_block.h"

#include <fmt/format.h>

#include "kafka/client/broker_error.h"
#include "kafka/protocol/decompression.h"

namespace logstore::kafka {
namespace {

std::unexpected<error> corrupt(const topic_partition& of, const record_batch_header& header,
                               std::string_view what) {
    return std::unexpected(broker_error(error_code::corrupt_message,
                                        fmt::format("partition {} of topic '{}', the batch at offset {}: {}",
                                                    of.partition, of.topic, header.base_offset, what)));
}

}  // namespace

result<record_block> record_block::read(std::shared_ptr<const topic_partition> of, bytes_view bytes,
                                        std::shared_ptr<const void> owner, offset from,
                                        std::size_t decompressed_bytes_max) {
    const auto header = read_record_batch_header(bytes);
    CHECK(header && bytes.size() >= header->size_bytes());
    if (!record_batch_crc_holds(*header, bytes)) return corrupt(*of, *header, "its checksum does not hold");
    record_block block;
    block.header_ = *header;
    block.from_ = from;
    block.records_ =
        bytes.subspan(record_batch_header_bytes, header->size_bytes() - record_batch_header_bytes);
    block.owner_ = std::move(owner);
    if (block.is_compressed()) {
        auto plain = decompress_records(compression_codec(header->codec_number()), block.records_,
                                        decompressed_bytes_max);
        if (!plain) return corrupt(*of, *header, plain.error().message());
        auto kept = std::make_shared<const byte_vector>(std::move(*plain));
        block.records_ = *kept;
        block.owner_ = std::move(kept);
    }
    record_reader reader(block.records_, header->record_count);
    for (auto one = reader.next();; one = reader.next()) {
        if (!one) return corrupt(*of, *header, one.error().message());
        if (!*one) break;
    }
    block.of_ = std::move(of);
    return block;
}

}  // namespace logstore::kafka
