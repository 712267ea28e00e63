// What lies in the log of a partition of memory_topics, record by record.
#pragma once

#include <string>
#include <vector>

#include "kafka/client/testing/memory_topics.h"
#include "kafka/protocol/decompression.h"
#include "kafka/protocol/record.h"

namespace logstore::kafka::testing {

/// Calls `visit(header, record)` for each record, in order; CHECKs that all is well formed.
template <class Visit>
void for_each_record(bytes_view log, Visit visit) {
    while (!log.empty()) {
        const auto header = read_record_batch_header(log);
        CHECK(header && log.size() >= header->size_bytes());
        CHECK(record_batch_crc_holds(*header, log));
        const bytes_view content =
            log.subspan(record_batch_header_bytes, header->size_bytes() - record_batch_header_bytes);
        const auto plain =
            decompress_records(compression_codec(header->codec_number()), content, std::size_t(64) << 20);
        CHECK(plain, "{}", plain.error().message());
        record_reader reader(*plain, header->record_count);
        for (auto one = reader.next(); one.value(); one = reader.next()) visit(*header, **one);
        log = log.subspan(header->size_bytes());
    }
}

inline std::vector<std::string> values_in(const memory_topics::partition& of) {
    std::vector<std::string> values;
    for_each_record(of.log, [&](const record_batch_header&, const record& one) {
        values.emplace_back(one.value ? text_of(*one.value) : "(null)");
    });
    return values;
}

}  // namespace logstore::kafka::testing
