// What all key views of a process share: memory, threads, file handles.
#pragma once

#include <cstddef>
#include <memory>

namespace rocksdb {
class Cache;
class Env;
struct Options;
}  // namespace rocksdb

namespace logstore::kv {

struct view_resources_options {
    /// Of blocks read from files, of indexes and filters, and of what has not been written to files.
    std::size_t memory_bytes = std::size_t(256) << 20;
    /// Of those: what has not been written to files. A crash replays at most so much from the logs.
    std::size_t write_buffer_bytes = std::size_t(64) << 20;
    /// Files that one view keeps open.
    int open_files_per_view = 64;
    /// Threads that write and merge files.
    int threads = 2;
    /// A stop leaves no more than a crash does: for tests.
    bool stops_like_a_crash = false;
};

/// Outlives every view that uses it. Any thread.
class view_resources {
  public:
    explicit view_resources(view_resources_options options);
    /// Files live in memory: for tests. Those of all views, until the object goes.
    static std::unique_ptr<view_resources> in_memory(view_resources_options options = {});
    ~view_resources();
    view_resources(const view_resources&) = delete;
    view_resources& operator=(const view_resources&) = delete;

    /// What one view is opened with.
    const rocksdb::Options& of_a_view() const { return *view_; }
    bool stops_like_a_crash() const { return stops_like_a_crash_; }
    /// Of the memory above, in use.
    std::size_t memory_used_bytes() const;

  private:
    view_resources(view_resources_options options, std::unique_ptr<rocksdb::Env> files);

    const bool stops_like_a_crash_;
    std::unique_ptr<rocksdb::Env> files_;  ///< none: those of the machine
    std::shared_ptr<rocksdb::Cache> cache_;
    std::unique_ptr<rocksdb::Options> view_;
};

}  // namespace logstore::kv
