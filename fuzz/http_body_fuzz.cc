// The JSON bodies of HTTP requests: records and topics. What is accepted must be made of bytes that are
// there.
#include <cstdint>

#include "base/check.h"
#include "http/body_reader.h"

namespace {

using namespace logstore;

void look_at(const http::posted_records& read) {
    std::size_t sum = 0;
    for (const http::posted_record& one : read.records) {
        CHECK(one.first_header + one.header_count <= read.headers.size());
        for (const auto& bytes : {one.key, one.value}) {
            if (!bytes) continue;
            for (const std::byte each : *bytes) sum += static_cast<std::size_t>(each);
        }
    }
    for (const kafka::record_header& header : read.headers) sum += header.key.size();
    CHECK(sum < (std::size_t(1) << 40));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const logstore::bytes_view body(reinterpret_cast<const std::byte*>(data), size);
    static http::body_reader reader;
    if (const auto read = reader.read_append(body)) look_at(**read);
    if (const auto read = reader.read_records(body)) look_at(**read);
    (void)reader.read_topic(body, true).has_value();
    (void)reader.read_topic(body, false).has_value();
    return 0;
}
