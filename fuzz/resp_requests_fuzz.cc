// Requests of Redis' protocol: what is found must lie within the bytes and the limits, however the bytes come.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "resp/request_parser.h"

namespace {

using namespace logstore;
using verdict = resp::request_parser::verdict;

/// What was found in order: words, each with a mark behind it; what is wrong at the end.
std::string read(std::string_view bytes, std::size_t step, const resp::request_limits& limits) {
    std::string found;
    resp::request_parser parser(limits);
    std::size_t begun = 0;
    std::size_t end = 0;
    for (;;) {
        const verdict seen = parser.parse(bytes.substr(begun, end - begun));
        if (seen == verdict::bad) {
            CHECK(!parser.problem().empty());
            return found + parser.problem();
        }
        if (seen == verdict::need_bytes) {
            if (end == bytes.size()) return found;
            CHECK(parser.missing_bytes() <= limits.request_bytes_max);
            end = std::min(bytes.size(), end + step);
            continue;
        }
        CHECK(parser.used_bytes() > 0 && parser.used_bytes() <= end - begun);
        CHECK(parser.used_bytes() <= limits.request_bytes_max + limits.line_bytes_max + 2);
        CHECK(parser.args().size() <= std::max(limits.args_max, limits.line_bytes_max));
        for (const std::string_view one : parser.args()) {
            found += one;
            found += '\x01';
        }
        found += '\x02';
        begun += parser.used_bytes();
        parser.start_again();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    resp::request_limits limits;
    limits.request_bytes_max = 1000;
    limits.args_max = 20;
    limits.line_bytes_max = 200;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string whole = read(bytes, bytes.size() + 1, limits);
    CHECK(whole == read(bytes, data[0] % 16 + std::size_t(1), limits), "it depends on how the bytes come");
    return 0;
}
