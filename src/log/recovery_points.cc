#include "log/recovery_points.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/crc32c.h"
#include "log/log_errc.h"
#include "log/whole_file.h"

namespace logstore {
namespace {

constexpr std::uint64_t magic = 0x4C53525043505431;  // "LSRPCPT1"
constexpr std::uint16_t format_version = 2;
constexpr std::size_t header_bytes = 48;
constexpr std::size_t point_bytes = 72;
/// Version 1 had no largest timestamp.
constexpr std::size_t point_bytes_v1 = 64;
constexpr std::size_t checksum_bytes = 4;
constexpr std::uint32_t journal_tail_flag = 1;
constexpr std::uint32_t exact_length_flag = 2;
/// 16 million tablets; far above what one process serves.
constexpr std::uint64_t file_bytes_max = std::uint64_t(1) << 30;
constexpr std::string_view name_ending = ".points";

}  // namespace

byte_vector encode_recovery_points(const recovery_point_file& file) {
    byte_vector out(header_bytes + file.points.size() * point_bytes + checksum_bytes);
    std::byte* p = out.data();
    store_big(p, magic);
    store_big(p + 8, format_version);
    store_big(p + 12, file.boot.value());
    store_big(p + 16, file.floor.value());
    store_big(p + 24, file.shards);
    store_big(p + 28, file.shard.value());
    store_big(p + 32, static_cast<std::uint32_t>(file.points.size()));
    store_big(p + 40, file.journal_salt);
    p += header_bytes;
    for (const auto& point : file.points) {
        std::ranges::copy(point.tablet.topic.bytes, p);
        store_big(p + 16, point.tablet.partition.value());
        store_big(p + 20, (point.has_journal_tail ? journal_tail_flag : 0) | (point.has_exact_length ? exact_length_flag : 0));
        store_big(p + 24, point.log_start.value());
        store_big(p + 32, point.segment_base.value());
        store_big(p + 40, point.segment_bytes);
        store_big(p + 48, point.next.value());
        store_big(p + 56, point.covered.value());
        store_big(p + 64, point.max_timestamp.value());
        p += point_bytes;
    }
    store_big(p, crc32c({out.data(), out.size() - checksum_bytes}));
    return out;
}

result<recovery_point_file> decode_recovery_points(bytes_view from) {
    if (from.size() < header_bytes + checksum_bytes) return fail(log_errc::truncated);
    const std::byte* p = from.data();
    if (load_big<std::uint64_t>(p) != magic) return fail(log_errc::corrupt);
    const auto version = load_big<std::uint16_t>(p + 8);
    if (version > format_version) return fail(log_errc::newer_format);
    const std::size_t bytes_each = version < 2 ? point_bytes_v1 : point_bytes;
    if (crc32c(from.first(from.size() - checksum_bytes)) != load_big<std::uint32_t>(p + from.size() - checksum_bytes))
        return fail(log_errc::corrupt);
    recovery_point_file file;
    file.boot = boot_number(load_big<std::int32_t>(p + 12));
    file.floor = journal_sequence(load_big<std::uint64_t>(p + 16));
    file.shards = load_big<std::uint32_t>(p + 24);
    file.shard = shard_id(load_big<std::uint32_t>(p + 28));
    file.journal_salt = load_big<std::uint64_t>(p + 40);
    const std::uint64_t count = load_big<std::uint32_t>(p + 32);
    if (from.size() != header_bytes + count * bytes_each + checksum_bytes) return fail(log_errc::corrupt);
    file.points.reserve(count);
    p += header_bytes;
    for (std::uint64_t i = 0; i < count; ++i, p += bytes_each) {
        recovery_point point;
        std::copy_n(p, point.tablet.topic.bytes.size(), point.tablet.topic.bytes.begin());
        point.tablet.partition = partition_id(load_big<std::int32_t>(p + 16));
        const auto flags = load_big<std::uint32_t>(p + 20);
        point.has_journal_tail = (flags & journal_tail_flag) != 0;
        point.has_exact_length = (flags & exact_length_flag) != 0;
        point.log_start = offset(load_big<std::int64_t>(p + 24));
        point.segment_base = offset(load_big<std::int64_t>(p + 32));
        point.segment_bytes = load_big<std::uint64_t>(p + 40);
        point.next = next_offset(load_big<std::int64_t>(p + 48));
        point.covered = journal_sequence(load_big<std::uint64_t>(p + 56));
        if (version >= 2) point.max_timestamp = timestamp_ms(load_big<std::int64_t>(p + 64));
        file.points.push_back(point);
    }
    return file;
}

env::task<result<recovery_point_file>> read_recovery_points(env::file_system* files, std::string path) {
    auto content = co_await read_whole_file(files, path, file_bytes_max);
    if (!content) co_return std::unexpected(content.error());
    auto decoded = decode_recovery_points(*content);
    if (!decoded) co_return fail(decoded.error().code, path + " does not hold");
    co_return decoded;
}

std::string recovery_points_name(boot_number boot, shard_id shard) {
    return fmt::format("{}-{}{}", boot, shard, name_ending);
}
std::string store_recovery_points_name(boot_number boot) { return fmt::format("{}-store{}", boot, name_ending); }
bool is_recovery_points_name(std::string_view name) { return name.ends_with(name_ending); }

}  // namespace logstore
