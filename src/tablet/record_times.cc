#include "tablet/record_times.h"

#include "base/check.h"
#include "kafka/protocol/record.h"
#include "model/record_batch.h"

namespace logstore {

timed_record first_record_not_before(bytes_view batch, timestamp_ms wanted) {
    const auto header = read_record_batch_header(batch);
    CHECK(header && batch.size() >= header->size_bytes());
    if (header->is_log_append_time()) return {header->base_offset, header->max_timestamp};
    auto records = kafka::record_reader::of_batch(batch);
    while (records) {
        const auto one = records->next();
        if (!one || !*one) break;
        const timestamp_ms time = kafka::record_timestamp(*header, **one);
        if (time >= wanted) return {kafka::record_offset(*header, **one), time};
    }
    return {header->base_offset, header->base_timestamp};
}

}  // namespace logstore
