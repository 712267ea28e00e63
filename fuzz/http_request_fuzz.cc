// The head, target and chunks of HTTP requests: what is found must lie within the bytes, however they come.
#include <cstdint>

#include "base/check.h"
#include "http/chunked_decoder.h"
#include "http/request_head.h"
#include "http/target.h"

namespace {

using namespace logstore;

void read_head(bytes_view bytes) {
    http::head_scanner whole, dripped;
    const auto verdict = whole.scan(bytes);
    auto same = http::head_scanner::verdict::need_bytes;
    for (std::size_t i = 1; i <= bytes.size() && same == http::head_scanner::verdict::need_bytes; ++i) {
        same = dripped.scan(bytes.first(i));
    }
    CHECK(verdict == same, "it depends on how the bytes come");
    if (verdict != http::head_scanner::verdict::whole) return;
    CHECK(whole.head_bytes() == dripped.head_bytes() && whole.head_bytes() <= bytes.size());
    const auto head = http::parse_request_head(bytes.first(whole.head_bytes()));
    if (!head) return;
    CHECK(!(head->is_chunked && head->content_length));
    if (const auto target = http::parse_target(head->target); target)
        CHECK(!http::route_name(target->where).empty());
}

void read_chunks(bytes_view bytes) {
    constexpr std::size_t limit = 1000;
    http::chunked_decoder whole(limit), dripped(limit);
    byte_vector out, dripped_out;
    const auto used = whole.decode(bytes, out);
    CHECK(out.size() <= limit && (!used || *used <= bytes.size()));
    std::size_t at = 0;
    bool is_refused = false;
    for (std::size_t i = 0; i <= bytes.size() && !is_refused && !dripped.is_done(); ++i) {
        const auto more = dripped.decode(bytes.subspan(at, i - at), dripped_out);
        is_refused = !more;
        if (more) at += *more;
    }
    CHECK(is_refused == !used && dripped.is_done() == whole.is_done(), "it depends on how the bytes come");
    if (used) CHECK(out == dripped_out && *used == at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const bytes_view bytes(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
    if (data[0] % 2 == 0) {
        read_head(bytes);
    } else {
        read_chunks(bytes);
    }
    return 0;
}
