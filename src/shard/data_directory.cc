#include "shard/data_directory.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/crc32c.h"
#include "log/log_errc.h"
#include "log/whole_file.h"
#include "model/topic_id.h"

namespace logstore {
namespace {

constexpr std::uint64_t magic = 0x4C4F4753544F5245;  // "LOGSTORE"
constexpr std::uint32_t format_version = 1;
constexpr std::size_t id_at = 16;
constexpr std::size_t id_bytes = 22;
constexpr std::size_t checksum_at = 40;
constexpr std::size_t identity_bytes = 44;
constexpr std::string_view file_name = "store.identity";

/// What a folder may hold before it becomes a store: our own lock, and what mkfs leaves.
bool may_be_there(const std::string& name) {
    return name == "lock" || name == "lost+found" || name == std::string(file_name) + ".new";
}

}  // namespace

byte_vector encode_directory_identity(const directory_identity& identity) {
    CHECK(identity.store_id.size() == id_bytes);
    byte_vector out(identity_bytes);
    store_big(out.data(), magic);
    store_big(out.data() + 8, format_version);
    std::ranges::copy(bytes_of(identity.store_id), out.data() + id_at);
    store_big(out.data() + checksum_at, crc32c({out.data(), checksum_at}));
    return out;
}

result<directory_identity> decode_directory_identity(bytes_view from) {
    if (from.size() < 12) return fail(log_errc::truncated);
    if (load_big<std::uint64_t>(from.data()) != magic) return fail(log_errc::foreign_directory);
    // The version first: a newer format may have another length and checksum.
    if (load_big<std::uint32_t>(from.data() + 8) > format_version) return fail(log_errc::newer_format);
    if (from.size() != identity_bytes) return fail(log_errc::corrupt);
    if (load_big<std::uint32_t>(from.data() + checksum_at) != crc32c(from.first(checksum_at))) return fail(log_errc::corrupt);
    return directory_identity{std::string(text_of(from.subspan(id_at, id_bytes)))};
}

env::task<result<directory_identity>> open_data_directory(env::environment world, std::string folder) {
    const std::string path = folder + "/" + std::string(file_name);
    auto content = co_await read_whole_file(&world.files, path, block_bytes);
    if (content) {
        auto decoded = decode_directory_identity(*content);
        if (decoded) co_return decoded;
        const std::error_code code = decoded.error().code;
        if (code == log_errc::newer_format)
            co_return fail(code, folder +
                                     " was written by a newer version of logstore; start that version, or "
                                     "give another --data-dir");
        if (code == log_errc::foreign_directory)
            co_return fail(code, path + " is not a file of logstore; give another --data-dir");
        co_return fail(code, path + " is damaged; restore it from a backup of this data directory");
    }
    if (content.error().code != std::errc::no_such_file_or_directory) co_return std::unexpected(content.error());
    auto entries = co_await world.files.list(folder);
    if (!entries) co_return std::unexpected(entries.error());
    for (const auto& entry : *entries)
        if (!may_be_there(entry.name))
            co_return fail(log_errc::foreign_directory,
                           fmt::format("{} holds '{}' and no store.identity: it is not a data directory of "
                                       "logstore; give an empty "
                                       "or a new --data-dir",
                                       folder, entry.name));
    const std::uint64_t high = world.random.next();
    directory_identity made{topic_id::from_random_bits(high, world.random.next()).text()};
    byte_vector encoded = encode_directory_identity(made);
    auto written = co_await replace_file(&world.files, folder, std::string(file_name), std::move(encoded));
    if (!written) co_return std::unexpected(written.error());
    co_return made;
}

}  // namespace logstore
