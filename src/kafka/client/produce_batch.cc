#include "kafka/client/produce_batch.h"

#include "base/check.h"
#include "kafka/client/compression.h"
#include "kafka/protocol/decompression.h"

namespace logstore::kafka {

void produce_batch::seal(compression_codec codec) {
    CHECK(is_open());
    if (codec == compression_codec::none)
        sealed = records.finish();
    else
        sealed = records.finish(codec, compress_records(codec, records.records()));
    records = {};
}

std::optional<std::pair<std::unique_ptr<produce_batch>, std::unique_ptr<produce_batch>>> split_batch(
    const produce_batch& whole, compression_codec codec) {
    constexpr std::size_t decompressed_bytes_max = std::size_t(1) << 30;
    const auto header = read_record_batch_header(whole.sealed);
    if (!header || header->record_count < 2) return std::nullopt;
    const bytes_view content = bytes_view(whole.sealed).subspan(record_batch_header_bytes);
    const auto plain =
        decompress_records(compression_codec(header->codec_number()), content, decompressed_bytes_max);
    if (!plain) return std::nullopt;

    auto first = std::make_unique<produce_batch>();
    auto second = std::make_unique<produce_batch>();
    first->record_count = header->record_count / 2;
    second->record_count = header->record_count - first->record_count;
    record_reader reader(*plain, header->record_count);
    std::vector<record_header> headers;
    for (std::int32_t i = 0; i < header->record_count; ++i) {
        const auto one = reader.next();
        if (!one || !*one) return std::nullopt;
        headers.clear();
        (*one)->headers.for_each(
            [&](const record_header& header_of_record) { headers.push_back(header_of_record); });
        record_batch_builder& half = i < first->record_count ? first->records : second->records;
        half.append(record_timestamp(*header, **one), (*one)->key, (*one)->value, headers);
    }
    for (produce_batch* half : {first.get(), second.get()}) {
        half->number = whole.number;
        half->begun_at = whole.begun_at;
        half->may_be_stored = whole.may_be_stored;
        half->seal(codec);
        half->charged_bytes = half->sealed.size();
    }
    first->first_index = whole.first_index;
    second->first_index = whole.first_index + first->record_count;
    return std::pair(std::move(first), std::move(second));
}

}  // namespace logstore::kafka
