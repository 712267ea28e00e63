#include "cluster/rocks_write_watch.h"

#include <cstdint>
#include <string>
#include <utility>

#include <rocksdb/file_system.h>

#include "cluster/errc.h"

namespace logstore::cluster {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using write_handler = std::function<void(const error&)>;

/// What is watched, and who is told.
struct watch {
    std::string path;
    const write_handler& handler;

    IOStatus told(IOStatus done) const {
        // Not every file system knows every call.
        if (!done.ok() && !done.IsNoSpace() && !done.IsNotSupported()) {
            const char* state = done.getState();  // call, mostly the path, and errno in words
            std::string what = state != nullptr ? state : done.ToString();
            if (what.find(path) == std::string::npos) what = path + ": " + what;
            handler(error(errc::failed, std::move(what)));
        }
        return done;
    }
};

class watched_file final : public rocksdb::FSWritableFileOwnerWrapper {
  public:
    watched_file(std::unique_ptr<rocksdb::FSWritableFile> target, watch told)
        : FSWritableFileOwnerWrapper(std::move(target)), watch_(std::move(told)) {}

    IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
        return watch_.told(target()->Append(data, options, debug));
    }
    IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                    const rocksdb::DataVerificationInfo& verification, IODebugContext* debug) override {
        return watch_.told(target()->Append(data, options, verification, debug));
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
        return watch_.told(target()->Truncate(size, options, debug));
    }
    IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
        return watch_.told(target()->Close(options, debug));
    }
    IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
        return watch_.told(target()->Flush(options, debug));
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
        return watch_.told(target()->Sync(options, debug));
    }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
        return watch_.told(target()->Fsync(options, debug));
    }
    IOStatus RangeSync(std::uint64_t offset, std::uint64_t bytes, const IOOptions& options,
                       IODebugContext* debug) override {
        return watch_.told(target()->RangeSync(offset, bytes, options, debug));
    }

  private:
    const watch watch_;
};

class watched_directory final : public rocksdb::FSDirectoryWrapper {
  public:
    watched_directory(std::unique_ptr<rocksdb::FSDirectory> target, watch told)
        : FSDirectoryWrapper(std::move(target)), watch_(std::move(told)) {}

    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
        return watch_.told(FSDirectoryWrapper::Fsync(options, debug));
    }
    IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                                 const rocksdb::DirFsyncOptions& how) override {
        return watch_.told(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, how));
    }

  private:
    const watch watch_;
};

class watched_files final : public rocksdb::FileSystemWrapper {
  public:
    explicit watched_files(write_handler handler)
        : FileSystemWrapper(rocksdb::FileSystem::Default()), handler_(std::move(handler)) {}

    const char* Name() const override { return "watched files"; }

    IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* made, IODebugContext* debug) override {
        return watched(FileSystemWrapper::NewWritableFile(path, options, made, debug), made, path);
    }
    IOStatus ReopenWritableFile(const std::string& path, const FileOptions& options,
                                std::unique_ptr<rocksdb::FSWritableFile>* made,
                                IODebugContext* debug) override {
        return watched(FileSystemWrapper::ReopenWritableFile(path, options, made, debug), made, path);
    }
    IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                               const FileOptions& options, std::unique_ptr<rocksdb::FSWritableFile>* made,
                               IODebugContext* debug) override {
        return watched(FileSystemWrapper::ReuseWritableFile(path, old_path, options, made, debug), made,
                       path);
    }
    IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                          std::unique_ptr<rocksdb::FSDirectory>* made, IODebugContext* debug) override {
        IOStatus done = FileSystemWrapper::NewDirectory(path, options, made, debug);
        if (done.ok()) *made = std::make_unique<watched_directory>(std::move(*made), watch{path, handler_});
        return done;
    }

  private:
    IOStatus watched(IOStatus done, std::unique_ptr<rocksdb::FSWritableFile>* made,
                     const std::string& path) const {
        if (done.ok()) *made = std::make_unique<watched_file>(std::move(*made), watch{path, handler_});
        return done;
    }

    const write_handler handler_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> watched_rocks_env(std::function<void(const error&)> on_failed_write) {
    return rocksdb::NewCompositeEnv(std::make_shared<watched_files>(std::move(on_failed_write)));
}

}  // namespace logstore::cluster
