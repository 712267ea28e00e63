#include "log/segment_files.h"

#include <fmt/core.h>

#include <charconv>

#include "base/crc32c.h"
#include "base/planted_fault.h"
#include "log/log_errc.h"
#include "log/whole_file.h"

namespace logstore {
namespace {

constexpr std::uint64_t seal_magic = 0x4C535345414C3031;  // "LSSEAL01"
constexpr std::size_t seal_bytes = 56;
/// 2 GiB of the smallest interval; an index larger than this is not ours.
constexpr std::uint64_t index_bytes_max = std::uint64_t(64) << 20;
constexpr std::uint64_t metadata_bytes_max = 4096;
constexpr std::string_view id_line = "topic_id: ";

env::task<result<>> write_new_file(env::file_system* files, std::string path, byte_vector content, bool durable) {
    auto opened = co_await files->open(path, env::open_options::read_write().creating());
    if (!opened) co_return std::unexpected(opened.error());
    std::unique_ptr<env::file> file = std::move(*opened);
    auto cut = co_await file->truncate(0);
    if (!cut) co_return cut;
    if (!content.empty()) {
        auto written = co_await file->write(0, content);
        if (!written) co_return written;
    }
    if (durable) co_return co_await file->flush();
    co_return result<>{};
}

}  // namespace

std::string tablet_directory_name(const std::string& topic, partition_id partition) {
    return fmt::format("{}-{}", topic, partition);
}

std::optional<topic_partition> parse_tablet_directory_name(std::string_view name) {
    const std::size_t dash = name.rfind('-');
    if (dash == std::string_view::npos || !is_legal_topic_name(name.substr(0, dash))) return std::nullopt;
    std::int32_t number = -1;
    const char* last = name.data() + name.size();
    const auto [end, code] = std::from_chars(name.data() + dash + 1, last, number);
    if (code != std::errc{} || end != last || number < 0) return std::nullopt;
    return topic_partition{std::string(name.substr(0, dash)), partition_id(number)};
}

std::string segment_path(const std::string& directory, offset base, std::string_view ending) {
    return fmt::format("{}/{:020}.{}", directory, base.value(), ending);
}

std::optional<offset> parse_segment_name(std::string_view name) {
    constexpr std::size_t digits = 20;
    if (name.size() != digits + 4 || !name.ends_with(".log")) return std::nullopt;
    std::int64_t base = -1;
    const auto [end, code] = std::from_chars(name.data(), name.data() + digits, base);
    if (code != std::errc{} || end != name.data() + digits || base < 0) return std::nullopt;
    return offset(base);
}

env::task<result<topic_id>> read_partition_metadata(env::file_system* files, std::string directory) {
    auto content = co_await read_whole_file(files, directory + "/partition.metadata", metadata_bytes_max);
    if (!content) co_return std::unexpected(content.error());
    const std::string_view text = text_of(*content);
    const std::size_t at = text.find(id_line);
    if (at == std::string_view::npos) co_return fail(log_errc::corrupt, directory + "/partition.metadata has no topic_id");
    std::string_view id = text.substr(at + id_line.size());
    id = id.substr(0, id.find('\n'));
    const auto parsed = topic_id::from_text(id);
    if (!parsed) co_return fail(log_errc::corrupt, directory + "/partition.metadata has a bad topic_id");
    co_return *parsed;
}

env::task<result<>> make_tablet_directory(env::file_system* files, shared_directory_flush* names, std::string directory,
                                          tablet_id id) {
    auto there = co_await files->exists(directory + "/partition.metadata");
    if (!there) co_return std::unexpected(there.error());
    if (*there) {
        auto found = co_await read_partition_metadata(files, directory);
        if (found && *found == id.topic) co_return result<>{};
        if (found) co_return fail(log_errc::foreign_directory, directory + " belongs to topic id " + found->text());
        // A torn metadata file of a directory that never got a segment: written again below.
        if (found.error().code != log_errc::corrupt) co_return std::unexpected(found.error());
    }
    auto made = co_await files->make_directory(directory);
    if (!made) co_return made;
    // Before the metadata: where that is found, by a later try or another process, the directory's name is durable.
    auto named = co_await names->flush();
    if (!named) co_return named;
    const std::string text = fmt::format("version: 0\n{}{}\n", id_line, id.topic.text());
    const bytes_view bytes = bytes_of(text);
    co_return co_await replace_file(files, directory, "partition.metadata", byte_vector(bytes.begin(), bytes.end()));
}

byte_vector encode_segment_seal(const segment_seal& seal) {
    byte_vector out(seal_bytes);
    std::byte* p = out.data();
    store_big(p, seal_magic);
    store_big(p + 8, seal.segment_bytes);
    store_big(p + 16, seal.next.value());
    store_big(p + 24, seal.max_timestamp.value());
    store_big(p + 32, seal.max_timestamp_offset.value());
    store_big(p + 40, seal.offsets_checksum);
    store_big(p + 44, seal.times_checksum);
    store_big(p + 52, crc32c({p, 52}));
    return out;
}

result<segment_seal> decode_segment_seal(bytes_view from) {
    if (from.size() != seal_bytes) return fail(log_errc::truncated);
    const std::byte* p = from.data();
    if (load_big<std::uint64_t>(p) != seal_magic || load_big<std::uint32_t>(p + 52) != crc32c(from.first(52)))
        return fail(log_errc::corrupt);
    segment_seal seal;
    seal.segment_bytes = load_big<std::uint64_t>(p + 8);
    seal.next = next_offset(load_big<std::int64_t>(p + 16));
    seal.max_timestamp = timestamp_ms(load_big<std::int64_t>(p + 24));
    seal.max_timestamp_offset = offset(load_big<std::int64_t>(p + 32));
    seal.offsets_checksum = load_big<std::uint32_t>(p + 40);
    seal.times_checksum = load_big<std::uint32_t>(p + 44);
    return seal;
}

env::task<result<>> write_segment_index(env::file_system* files, std::string directory, offset base, std::uint64_t segment_bytes,
                                        next_offset next, const offset_index* index) {
    byte_vector offsets = index->encode_offsets();
    byte_vector times = index->encode_times();
    segment_seal seal;
    seal.segment_bytes = segment_bytes;
    seal.next = next;
    seal.max_timestamp = index->max_timestamp();
    seal.max_timestamp_offset = index->max_timestamp_offset();
    seal.offsets_checksum = crc32c(offsets);
    seal.times_checksum = crc32c(times);
    auto wrote_offsets = co_await write_new_file(files, segment_path(directory, base, "index"), std::move(offsets), false);
    if (!wrote_offsets) co_return wrote_offsets;
    auto wrote_times = co_await write_new_file(files, segment_path(directory, base, "timeindex"), std::move(times), false);
    if (!wrote_times) co_return wrote_times;
    byte_vector sealed = encode_segment_seal(seal);
    co_return co_await write_new_file(files, segment_path(directory, base, "seal"), std::move(sealed), false);
}

env::task<result<segment_seal>> read_segment_seal(env::file_system* files, std::string directory, offset base) {
    auto bytes = co_await read_whole_file(files, segment_path(directory, base, "seal"), seal_bytes);
    if (!bytes) co_return std::unexpected(bytes.error());
    co_return decode_segment_seal(*bytes);
}

env::task<result<sealed_index>> read_segment_index(env::file_system* files, std::string directory, offset base) {
    auto seal = co_await read_segment_seal(files, directory, base);
    if (!seal) co_return std::unexpected(seal.error());
    auto offsets = co_await read_whole_file(files, segment_path(directory, base, "index"), index_bytes_max);
    if (!offsets) co_return std::unexpected(offsets.error());
    auto times = co_await read_whole_file(files, segment_path(directory, base, "timeindex"), index_bytes_max);
    if (!times) co_return std::unexpected(times.error());
    const bool holds = crc32c(*offsets) == seal->offsets_checksum && crc32c(*times) == seal->times_checksum;
    if (!holds && !is_planted(planted_fault::index_trusted)) co_return fail(log_errc::corrupt);
    auto index = offset_index::decode(base, *offsets, *times, seal->segment_bytes);
    if (!index) co_return std::unexpected(index.error());
    co_return sealed_index{*seal, std::move(*index)};
}

}  // namespace logstore
