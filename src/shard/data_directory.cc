#include "shard/data_directory.h"

#include <algorithm>
#include <optional>

#include <fmt/core.h>

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
constexpr std::string_view lock_name = "lock";

/// What a folder may hold before it becomes a store: our own lock, and what mkfs leaves.
bool may_be_there(const std::string& name) {
    return name == lock_name || name == "lost+found" || name == std::string(file_name) + ".new";
}

/// The folder that holds the name of this one.
std::string parent_of(std::string folder) {
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    const std::size_t slash = folder.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : folder.substr(0, slash);
}

env::task<result<>> make_if_absent(env::environment world, std::string folder) {
    auto entries = co_await world.files.list(folder);
    if (entries) co_return result<>{};
    const error why = entries.error();
    if (why.code == std::errc::not_a_directory)
        co_return fail(
            why.code,
            folder +
                " cannot be a data directory: it or a folder above it is a file; give another --data-dir");
    if (why.code != std::errc::no_such_file_or_directory)
        co_return fail(why.code,
                       "cannot read the data directory " + folder +
                           "; make it readable and writable for this user, or give another --data-dir");
    auto made = co_await world.files.make_directory(folder);
    if (!made)
        co_return fail(made.error().code,
                       "cannot make the data directory " + folder +
                           "; make its parent, writable for this user, or give another --data-dir");
    co_return result<>{};
}

/// Why a file at the identity's place is not one of this version.
error refusal(const std::string& folder, std::error_code why) {
    const std::string path = folder + "/" + std::string(file_name);
    if (why == log_errc::newer_format)
        return error(why, folder +
                              " was written by a newer version of logstore; start that version, or give "
                              "another --data-dir");
    if (why == log_errc::foreign_directory)
        return error(why, path + " is not a file of logstore; give another --data-dir");
    return error(why, path + " is damaged; restore it from a backup of this data directory");
}

/// The identity of a store, nothing for a folder that may become one, or why it is neither. Changes nothing.
env::task<result<std::optional<directory_identity>>> look_at(env::environment world, std::string folder) {
    using found = std::optional<directory_identity>;
    const std::string path = folder + "/" + std::string(file_name);
    // The names first: while another process makes a store here, the identity is there before anything else
    // is.
    auto entries = co_await world.files.list(folder);
    if (!entries) co_return std::unexpected(entries.error());
    auto content = co_await read_whole_file(&world.files, path, block_bytes);
    if (content) {
        auto decoded = decode_directory_identity(*content);
        if (!decoded) co_return std::unexpected(refusal(folder, decoded.error().code));
        co_return found(std::move(*decoded));
    }
    const std::error_code code = content.error().code;
    if (code == log_errc::corrupt) co_return std::unexpected(refusal(folder, code));
    if (code == std::errc::is_a_directory)
        co_return std::unexpected(refusal(folder, log_errc::foreign_directory));
    if (code != std::errc::no_such_file_or_directory)
        co_return fail(
            code, "cannot read " + path + "; make it readable for this user, or give another --data-dir");
    const auto stranger = std::ranges::find_if_not(*entries, may_be_there, &env::directory_entry::name);
    if (stranger != entries->end())
        co_return fail(
            log_errc::foreign_directory,
            fmt::format(
                "{} holds '{}' and no {}: it is not a data directory of logstore; give an empty or a new "
                "--data-dir",
                folder, stranger->name, file_name));
    co_return found();
}

env::task<result<std::unique_ptr<env::directory_lock>>> lock_directory(env::environment world,
                                                                       std::string folder) {
    auto locked = co_await world.files.lock(folder + "/" + std::string(lock_name));
    if (locked) co_return std::move(*locked);
    if (locked.error().code != std::errc::resource_unavailable_try_again)
        co_return std::unexpected(cannot_write_to(folder, locked.error()));
    co_return fail(
        log_errc::in_use,
        folder + " is used by another running logstore; stop that one, or give another --data-dir");
}

/// Durable when it completes, with the name of the folder.
env::task<result<directory_identity>> make_identity(env::environment world, std::string folder) {
    auto synced = co_await world.files.sync_directory(parent_of(folder));
    // In a parent that may not be read this user did not make the folder: its name is older than this start.
    if (!synced && synced.error().code != std::errc::permission_denied)
        co_return std::unexpected(synced.error());
    const std::uint64_t high = world.random.next();
    directory_identity made{topic_id::from_random_bits(high, world.random.next()).text()};
    byte_vector encoded = encode_directory_identity(made);
    auto written = co_await replace_file(&world.files, folder, std::string(file_name), std::move(encoded));
    if (!written) co_return std::unexpected(written.error());
    co_return made;
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
    if (load_big<std::uint32_t>(from.data() + checksum_at) != crc32c(from.first(checksum_at)))
        return fail(log_errc::corrupt);
    return directory_identity{std::string(text_of(from.subspan(id_at, id_bytes)))};
}

error cannot_write_to(const std::string& folder, const error& why) {
    return error(
        why.code,
        "cannot write to the data directory " + folder +
            "; make it writable for this user and see that its disk has room, or give another --data-dir");
}

env::task<result<bool>> is_data_directory(env::environment world, std::string folder) {
    const std::string path = fmt::format("{}/{}", folder, file_name);
    co_return co_await world.files.exists(path);
}

env::task<result<owned_directory>> open_data_directory(env::environment world, std::string folder) {
    auto there = co_await make_if_absent(world, folder);
    if (!there) co_return std::unexpected(there.error());
    // Whose it is comes before the lock: a lock is a file, and nothing is made in a directory of somebody
    // else.
    auto looked = co_await look_at(world, folder);
    if (!looked) co_return std::unexpected(looked.error());
    auto locked = co_await lock_directory(world, folder);
    if (!locked) co_return std::unexpected(locked.error());
    owned_directory owned;
    owned.lock = std::move(*locked);
    // Again: until here another process may have made a store of it, or put something else there.
    looked = co_await look_at(world, folder);
    if (!looked) co_return std::unexpected(looked.error());
    if (*looked) {
        // The process that made it may have ended before its name was durable.
        auto synced = co_await world.files.sync_directory(folder);
        if (!synced) co_return std::unexpected(cannot_write_to(folder, synced.error()));
        owned.identity = std::move(**looked);
        co_return owned;
    }
    auto made = co_await make_identity(world, folder);
    if (!made) co_return std::unexpected(cannot_write_to(folder, made.error()));
    owned.identity = std::move(*made);
    co_return owned;
}

}  // namespace logstore
