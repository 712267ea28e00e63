// Recovery points and images of settled blocks. The checksum is made right, so that what lies behind it is
// reached.
#include "base/check.h"
#include "base/crc32c.h"
#include "log/block_images.h"
#include "log/recovery_points.h"

using namespace logstore;

namespace {

void decode_both(bytes_view input) {
    if (const auto file = decode_recovery_points(input)) {
        const auto again = decode_recovery_points(encode_recovery_points(*file));
        CHECK(again && again->points.size() == file->points.size());
    }
    if (const auto images = decode_block_images(input)) {
        const auto again = decode_block_images(encode_block_images(*images));
        CHECK(again && again->size() == images->size());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const bytes_view input(reinterpret_cast<const std::byte*>(data), size);
    decode_both(input);
    if (size < 4) return 0;
    byte_vector whole(input.begin(), input.end());
    store_big(whole.data() + size - 4, crc32c(bytes_view(whole).first(size - 4)));
    decode_both(whole);
    return 0;
}
