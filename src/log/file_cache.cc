#include "log/file_cache.h"

#include <string_view>

namespace logstore {

env::task<result<std::shared_ptr<env::file>>> file_cache::open_to_write(std::string path, bool create) {
    env::open_options options = env::open_options::read_write().directly();
    if (create) options.creating();
    return open(std::move(path), 'w', options);
}

env::task<result<std::shared_ptr<env::file>>> file_cache::open_to_read(std::string path) {
    return open(std::move(path), 'r', env::open_options::read_only());
}

env::task<result<std::shared_ptr<env::file>>> file_cache::open_to_read_directly(std::string path) {
    return open(std::move(path), 'd', env::open_options::read_only().directly());
}

env::task<result<std::shared_ptr<env::file>>> file_cache::open(std::string path, char kind, env::open_options options) {
    const std::string key = kind + path;
    if (auto at = by_key_.find(key); at != by_key_.end()) {
        entries_.splice(entries_.begin(), entries_, at->second);
        co_return at->second->handle;
    }
    auto opened = co_await files_.open(path, options);
    if (!opened) co_return std::unexpected(opened.error());
    std::shared_ptr<env::file> handle = std::move(*opened);
    // Another coroutine may have opened it meanwhile; both handles are good, one is kept.
    if (!by_key_.contains(key)) {
        entries_.push_front({key, handle});
        by_key_.emplace(key, entries_.begin());
        shrink();
    }
    co_return handle;
}

void file_cache::shrink() {
    for (auto at = entries_.end(); entries_.size() > open_max_ && at != entries_.begin();) {
        --at;
        if (at->handle.use_count() > 1) continue;
        by_key_.erase(at->key);
        at = entries_.erase(at);
    }
}

void file_cache::forget(const std::string& path) {
    const bool is_folder = path.ends_with('/');
    for (auto at = entries_.begin(); at != entries_.end();) {
        const std::string_view name = std::string_view(at->key).substr(1);
        if (is_folder ? name.starts_with(path) : name == path) {
            by_key_.erase(at->key);
            at = entries_.erase(at);
        } else {
            ++at;
        }
    }
}

}  // namespace logstore
