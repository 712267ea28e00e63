#include "kv/changes.h"

#include <utility>

#include "kafka/protocol/decompression.h"
#include "kafka/protocol/record.h"

namespace logstore::kv {

bool change_list::read_batch(const record_batch_header& header, bytes_view records, offset from) {
    const std::size_t before = changes_.size();
    kafka::record_reader reader(records, header.record_count);
    while (true) {
        const auto one = reader.next();
        if (!one) {
            changes_.resize(before);
            return false;
        }
        if (!*one) return true;
        const kafka::record& read = **one;
        const offset at = kafka::record_offset(header, read);
        // Deltas are a client's word: what they say must lie within the batch.
        if (!read.key || at < from || at < header.base_offset || at > header.last_offset()) continue;
        change made;
        made.key = *read.key;
        made.is_removal = !read.value.has_value();
        made.record.at = at;
        made.record.timestamp = kafka::record_timestamp(header, read);
        made.record.value = read.value.value_or(bytes_view());
        made.record.header_count = static_cast<std::int32_t>(read.headers.count());
        made.record.headers = read.headers.content();
        changes_.push_back(made);
    }
}

bool change_list::is_quick(bytes_view batches) {
    constexpr std::size_t quick_bytes_max = std::size_t(32) << 10;
    if (batches.size() > quick_bytes_max) return false;
    while (const auto header = read_record_batch_header(batches)) {
        if (header->codec_number() != 0) return false;
        if (header->size_bytes() >= batches.size()) return true;
        batches = batches.subspan(header->size_bytes());
    }
    return true;
}

change_list change_list::read(bytes_view batches, std::shared_ptr<const void> owner, offset from,
                              std::size_t decompressed_bytes_max) {
    change_list list;
    list.next_ = next_offset(from.value());
    list.owners_.push_back(std::move(owner));
    while (const auto header = read_record_batch_header(batches)) {
        if (header->size_bytes() > batches.size()) break;
        const bytes_view batch = batches.first(header->size_bytes());
        batches = batches.subspan(batch.size());
        list.next_ = std::max(list.next_, header->next());
        if (header->is_control()) continue;
        bytes_view records = batch.subspan(record_batch_header_bytes);
        if (header->codec_number() != 0) {
            auto plain = kafka::decompress_records(compression_codec(header->codec_number()), records,
                                                   decompressed_bytes_max);
            if (!plain) {
                ++list.unreadable_batches_;
                continue;
            }
            auto kept = std::make_shared<const byte_vector>(std::move(*plain));
            records = *kept;
            list.owners_.push_back(std::move(kept));
        }
        if (!list.read_batch(*header, records, from)) ++list.unreadable_batches_;
    }
    return list;
}

}  // namespace logstore::kv
