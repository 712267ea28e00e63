// A batch header and the records in it.
#include "base/check.h"
#include "kafka/protocol/record.h"

using namespace logstore;
using namespace logstore::kafka;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const bytes_view input(reinterpret_cast<const std::byte*>(data), size);
    const auto header = read_record_batch_header(input);
    if (!header) return 0;
    (void)record_batch_crc_holds(*header, input);
    auto reader = record_reader::of_batch(input);
    if (!reader) return 0;

    record_batch_builder again;
    std::vector<record_header> headers;
    for (;;) {
        const auto next = reader->next();
        if (!next) return 0;
        if (!*next) break;
        const record& one = **next;
        (void)record_offset(*header, one);
        headers.clear();
        one.headers.for_each([&](const record_header& h) { headers.push_back(h); });
        CHECK(headers.size() == one.headers.count());
        again.append(timestamp_ms(0), one.key, one.value, headers);
        (void)record_timestamp(*header, one);
    }
    if (again.record_count() == 0) return 0;
    const byte_vector rebuilt = again.finish();
    auto second = record_reader::of_batch(rebuilt);
    CHECK(second.has_value());
    for (std::int32_t i = 0; i < again.record_count(); ++i) CHECK(second->next().value().has_value());
    CHECK(!second->next().value().has_value());
    return 0;
}
