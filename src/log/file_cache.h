// Open files as a bounded cache: ten thousand tablets work with a few thousand descriptors.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "env/file.h"

namespace logstore {

/// Opens files on demand and keeps the recently used ones open, at most `open_max` beside those in use. One shard.
/// A handle stays valid while its pointer is held, also when the cache has let it go or the file was removed.
class file_cache {
  public:
    file_cache(env::file_system& files, std::size_t open_max) : files_(files), open_max_(open_max) {}

    /// The kind is part of the key: direct handles write, buffered ones read.
    env::task<result<std::shared_ptr<env::file>>> open_to_write(std::string path, bool create);
    env::task<result<std::shared_ptr<env::file>>> open_to_read(std::string path);
    /// Reads past the page cache.
    env::task<result<std::shared_ptr<env::file>>> open_to_read_directly(std::string path);

    /// Lets go of the handles of one file, or of all files below a folder when `path` ends with a slash.
    void forget(const std::string& path);

    std::size_t open_count() const { return entries_.size(); }
    std::size_t open_max() const { return open_max_; }

  private:
    struct entry {
        std::string key;
        std::shared_ptr<env::file> handle;
    };
    env::task<result<std::shared_ptr<env::file>>> open(std::string path, char kind, env::open_options options);
    void shrink();

    env::file_system& files_;
    std::size_t open_max_;
    std::list<entry> entries_;  // most recently used first
    std::unordered_map<std::string, std::list<entry>::iterator> by_key_;
};

}  // namespace logstore
