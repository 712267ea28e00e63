#include "kv/view_resources.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <string_view>
#include <utility>

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include "base/logging.h"

namespace logstore::kv {
namespace {

/// RocksDB's own words about what goes wrong, in the program's log.
class forwarding_logger final : public rocksdb::Logger {
  public:
    forwarding_logger() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
    using Logger::Logv;
    void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
        if (level < GetInfoLogLevel() || level == rocksdb::InfoLogLevel::HEADER_LEVEL) return;
        char line[512];
        std::vsnprintf(line, sizeof line, format, arguments);
        log_warning("kv", "{}", std::string_view(line));
    }
    void Logv(const char*, va_list) override {}
};

rocksdb::BlockBasedTableOptions table_options(std::shared_ptr<rocksdb::Cache> cache) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = std::move(cache);
    // In the cache, so that one budget bounds them too.
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
    table.data_block_hash_table_util_ratio = 0.75;
    table.format_version = 5;
    return table;
}

}  // namespace

view_resources::view_resources(view_resources_options options) : view_resources(options, nullptr) {}

view_resources::view_resources(view_resources_options options, std::unique_ptr<rocksdb::Env> files)
    : stops_like_a_crash_(options.stops_like_a_crash),
      files_(std::move(files)), cache_(rocksdb::NewLRUCache(options.memory_bytes, -1, false, 0.5)),
      view_(std::make_unique<rocksdb::Options>()) {
    rocksdb::Options& view = *view_;
    if (files_ != nullptr) view.env = files_.get();
    view.create_if_missing = true;
    view.paranoid_checks = true;
    view.info_log = std::make_shared<forwarding_logger>();

    view.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(options.write_buffer_bytes, cache_);
    view.write_buffer_size = options.write_buffer_bytes;
    view.max_write_buffer_number = 3;
    view.arena_block_size = std::size_t(256) << 10;
    // Every write asks first whether the key is there: most often it is not.
    view.memtable_prefix_bloom_size_ratio = 0.05;
    view.memtable_whole_key_filtering = true;
    view.allow_concurrent_memtable_write = false;
    view.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(cache_)));

    view.compression = rocksdb::kLZ4Compression;
    view.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression, rocksdb::kLZ4Compression,
                                  rocksdb::kLZ4Compression, rocksdb::kLZ4Compression, rocksdb::kLZ4Compression,
                                  rocksdb::kLZ4Compression};
    view.level_compaction_dynamic_level_bytes = true;
    view.target_file_size_base = std::size_t(128) << 20;
    view.max_bytes_for_level_base = std::size_t(512) << 20;
    view.max_background_jobs = std::max(2, options.threads);
    view.bytes_per_sync = std::size_t(1) << 20;
    // An unsynced file that looks whole is the one thing a derived view must not be built on: after a failed
    // flush the view stops, and is opened anew.
    view.max_bgerror_resume_count = 0;
    // The log is the write-ahead log: a stop without flush() is a crash.
    view.avoid_flush_during_shutdown = true;

    view.max_open_files = options.open_files_per_view;
    view.table_cache_numshardbits = 2;
    view.skip_stats_update_on_db_open = true;
    view.max_manifest_file_size = std::size_t(4) << 20;
    view.stats_dump_period_sec = 0;
    view.stats_persist_period_sec = 0;
}

std::unique_ptr<view_resources> view_resources::in_memory(view_resources_options options) {
    std::unique_ptr<rocksdb::Env> files(rocksdb::NewMemEnv(rocksdb::Env::Default()));
    return std::unique_ptr<view_resources>(new view_resources(options, std::move(files)));
}

view_resources::~view_resources() = default;

std::size_t view_resources::memory_used_bytes() const { return cache_->GetUsage(); }

}  // namespace logstore::kv
