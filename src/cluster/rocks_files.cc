#include "cluster/rocks_files.h"

#include <memory>
#include <vector>

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/table.h>

#include "cluster/errc.h"

namespace logstore::cluster {
namespace {

std::unexpected<error> directory_failure(const std::string& path, const rocksdb::Status& status) {
    return fail(errc::io, fmt::format("{}: {}", path, status.ToString()));
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.find_last_not_of('/') == std::string::npos
                                  ? std::string::npos
                                  : path.rfind('/', path.find_last_not_of('/'));
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

rocksdb::Status sync_directory(rocksdb::Env& env, const std::string& path) {
    std::unique_ptr<rocksdb::Directory> directory;
    const rocksdb::Status opened = env.NewDirectory(path, &directory);
    if (!opened.ok()) return opened;
    return directory->Fsync();
}

rocksdb::Status drop_from_page_cache(rocksdb::Env& env, const std::string& path) {
    std::unique_ptr<rocksdb::SequentialFile> file;
    const rocksdb::Status opened = env.NewSequentialFile(path, &file, rocksdb::EnvOptions());
    if (!opened.ok()) return opened;
    return file->InvalidateCache(0, 0);
}

}  // namespace

rocksdb::Options small_rocks_options() {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.paranoid_checks = true;

    // A record that a crash cut off at the end of the log was never answered. Damage before it is refused;
    // the default mode would drop everything behind the damage without a word.
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    options.track_and_verify_wals_in_manifest = true;
    // What is read from the log at open may not be on the disk yet; the table written from it then is.
    options.avoid_flush_during_recovery = false;

    options.write_buffer_size = std::size_t(2) << 20;
    options.max_write_buffer_number = 2;
    options.arena_block_size = std::size_t(64) << 10;
    options.max_total_wal_size = std::size_t(8) << 20;
    options.max_manifest_file_size = std::size_t(1) << 20;
    options.max_open_files = 64;
    options.table_cache_numshardbits = 1;
    options.max_background_jobs = 2;
    options.compression = rocksdb::kNoCompression;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(std::size_t(1) << 20, 0);
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

    options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
    options.keep_log_file_num = 2;
    options.max_log_file_size = std::size_t(1) << 20;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    return options;
}

result<> prepare_rocks_directory(const std::string& path) {
    rocksdb::Env& env = *rocksdb::Env::Default();
    rocksdb::Status status = env.CreateDirIfMissing(path);
    if (status.ok()) status = sync_directory(env, parent_of(path));
    std::vector<std::string> names;
    if (status.ok()) status = env.GetChildren(path, &names);
    if (!status.ok()) return directory_failure(path, status);
    for (const std::string& name : names) {
        if (name == "." || name == "..") continue;
        const std::string file = path + "/" + name;
        const rocksdb::Status dropped = drop_from_page_cache(env, file);
        if (!dropped.ok()) return directory_failure(file, dropped);
    }
    return {};
}

std::unexpected<error> rocks_open_failure(const std::string& path, const rocksdb::Status& status) {
    const std::string sentence = fmt::format("{} cannot be opened: {}", path, status.ToString());
    // RocksDB has no code of its own for a held lock.
    if (status.IsIOError() && sentence.find("lock") != std::string::npos && !status.IsNoSpace()) {
        return fail(errc::in_use, sentence);
    }
    if (status.IsCorruption() || status.IsInvalidArgument()) return fail(errc::corrupt, sentence);
    if (status.IsNoSpace()) return fail(errc::no_space, sentence);
    return fail(errc::io, sentence);
}

std::optional<std::uint64_t> free_space_bytes(const std::string& path) {
    std::uint64_t bytes = 0;
    if (!rocksdb::Env::Default()->GetFreeSpace(path, &bytes).ok()) return std::nullopt;
    return bytes;
}

}  // namespace logstore::cluster
