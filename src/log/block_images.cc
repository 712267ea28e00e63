#include "log/block_images.h"

#include <algorithm>

#include "base/check.h"
#include "base/crc32c.h"
#include "log/log_errc.h"
#include "log/whole_file.h"

namespace logstore {
namespace {

constexpr std::uint64_t magic = 0x4C53424C4B494D31;  // "LSBLKIM1"
constexpr std::uint16_t format_version = 1;
constexpr std::size_t header_bytes = 16;
constexpr std::size_t image_header_bytes = 40;
constexpr std::size_t checksum_bytes = 4;
constexpr std::uint64_t file_bytes_max = std::uint64_t(1) << 32;

}  // namespace

byte_vector encode_block_images(const std::vector<block_image>& images) {
    std::size_t bytes = header_bytes + checksum_bytes;
    for (const block_image& image : images) bytes += image_header_bytes + image.bytes.size();
    byte_vector out(bytes);
    std::byte* p = out.data();
    store_big(p, magic);
    store_big(p + 8, format_version);
    store_big(p + 12, static_cast<std::uint32_t>(images.size()));
    p += header_bytes;
    for (const block_image& image : images) {
        CHECK(image.bytes.size() < block_bytes, "{} bytes", image.bytes.size());
        std::ranges::copy(image.tablet.topic.bytes, p);
        store_big(p + 16, image.tablet.partition.value());
        store_big(p + 20, static_cast<std::uint32_t>(image.bytes.size()));
        store_big(p + 24, image.segment_base.value());
        store_big(p + 32, image.position);
        std::ranges::copy(image.bytes, p + image_header_bytes);
        p += image_header_bytes + image.bytes.size();
    }
    store_big(p, crc32c({out.data(), out.size() - checksum_bytes}));
    return out;
}

result<std::vector<block_image>> decode_block_images(bytes_view from) {
    if (from.size() < header_bytes + checksum_bytes) return fail(log_errc::truncated);
    const bytes_view checked = from.first(from.size() - checksum_bytes);
    if (load_big<std::uint64_t>(from.data()) != magic) return fail(log_errc::corrupt);
    if (load_big<std::uint16_t>(from.data() + 8) > format_version) return fail(log_errc::newer_format);
    if (crc32c(checked) != load_big<std::uint32_t>(from.data() + checked.size())) return fail(log_errc::corrupt);
    const std::uint64_t count = load_big<std::uint32_t>(from.data() + 12);
    bytes_view rest = checked.subspan(header_bytes);
    if (count > rest.size() / image_header_bytes) return fail(log_errc::corrupt);
    std::vector<block_image> images(count);
    for (block_image& image : images) {
        if (rest.size() < image_header_bytes) return fail(log_errc::truncated);
        const std::byte* p = rest.data();
        std::copy_n(p, image.tablet.topic.bytes.size(), image.tablet.topic.bytes.begin());
        image.tablet.partition = partition_id(load_big<std::int32_t>(p + 16));
        const std::uint32_t length = load_big<std::uint32_t>(p + 20);
        image.segment_base = offset(load_big<std::int64_t>(p + 24));
        image.position = load_big<std::uint64_t>(p + 32);
        rest = rest.subspan(image_header_bytes);
        if (length >= block_bytes || length > rest.size()) return fail(log_errc::corrupt);
        image.bytes.assign(rest.begin(), rest.begin() + length);
        rest = rest.subspan(length);
    }
    if (!rest.empty()) return fail(log_errc::corrupt);
    return images;
}

env::task<result<std::vector<block_image>>> read_block_images(env::file_system* files, std::string path) {
    auto content = co_await read_whole_file(files, path, file_bytes_max);
    if (!content) co_return std::unexpected(content.error());
    auto decoded = decode_block_images(*content);
    if (!decoded) co_return fail(decoded.error().code, path + " does not hold");
    co_return decoded;
}

}  // namespace logstore
