#include "env/file_calls.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/planted_fault.h"

namespace logstore::env::calls {
namespace {

/// Repeats `call` while it is interrupted; 0 or an errno.
template <class Call>
int uninterrupted(Call call) {
    while (call() < 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

result<> outcome(int number, std::string_view what, const std::string& path) {
    if (number == 0) return {};
    return std::unexpected(file_error(number, what, path));
}

class descriptor_lock final : public directory_lock {
  public:
    explicit descriptor_lock(int descriptor) : descriptor_(descriptor) {}
    ~descriptor_lock() override { ::close(descriptor_); }

  private:
    int descriptor_;
};

bool is_directory(DIR* in, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    struct stat status{};
    return ::fstatat(::dirfd(in), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

error file_error(int number, std::string_view what, std::string_view path) {
    std::string sentence(what);
    sentence += ' ';
    sentence += path;
    return {std::error_code(number, std::generic_category()), std::move(sentence)};
}

// O_DIRECT is set after the opening: where it is refused at open(), the file may have been created already,
// and a second exclusive open would fail.
result<opened_file> open_file(const std::string& path, const open_options& options) {
    int flags = O_CLOEXEC | (options.writable ? O_RDWR : O_RDONLY);
    if (options.create) flags |= O_CREAT;
    if (options.create && options.exclusive) flags |= O_EXCL;
    opened_file opened;
    const int failed = uninterrupted([&] { return opened.descriptor = ::open(path.c_str(), flags, 0644); });
    if (failed != 0) return std::unexpected(file_error(failed, "opening", path));
    if (options.direct) opened.is_direct = ::fcntl(opened.descriptor, F_SETFL, O_DIRECT) == 0;
    return opened;
}

int read_fully(int descriptor, std::uint64_t position, mutable_bytes into, std::size_t& received) {
    received = 0;
    while (received < into.size()) {
        const std::size_t wanted = std::min(into.size() - received, bytes_a_call);
        const ssize_t got = ::pread(descriptor, into.data() + received, wanted, off_t(position + received));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) return 0;
        received += std::size_t(got);
    }
    return 0;
}

int write_fully(int descriptor, std::uint64_t position, std::span<iovec> pieces, bool durable) {
    while (!pieces.empty()) {
        const int count = int(std::min(pieces.size(), pieces_a_call));
        const ssize_t written =
            ::pwritev2(descriptor, pieces.data(), count, off_t(position), durable ? RWF_DSYNC : 0);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        if (written == 0) return EIO;  // no progress, and no reason
        if (is_planted(planted_fault::short_write_taken_as_success)) return 0;
        position += std::uint64_t(written);
        pieces = without_first(pieces, std::size_t(written));
    }
    return 0;
}

int flush_data(int descriptor) {
    // Not repeated: whatever interrupted it, a second flush could answer well for pages that the first one
    // gave up.
    return ::fdatasync(descriptor) == 0 ? 0 : errno;
}

int reserve(int descriptor, std::uint64_t position, std::uint64_t length) {
    const int failed =
        uninterrupted([&] { return ::fallocate(descriptor, 0, off_t(position), off_t(length)); });
    return has_no_reservation(failed) ? grow_to(descriptor, position + length) : failed;
}

int grow_to(int descriptor, std::uint64_t end) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return errno;
    return std::uint64_t(status.st_size) >= end ? 0 : truncate(descriptor, end);
}

int truncate(int descriptor, std::uint64_t length) {
    return uninterrupted([&] { return ::ftruncate(descriptor, off_t(length)); });
}

int drop_cache(int descriptor) {
    return ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
}

result<std::uint64_t> size_of(int descriptor, const std::string& path) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return std::unexpected(file_error(errno, "size of", path));
    return std::uint64_t(status.st_size);
}

result<> make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) == 0) return {};
    const int why = errno;
    struct stat status{};
    if (why == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
    return outcome(why, "making directory", path);
}

result<std::vector<directory_entry>> list(const std::string& path) {
    DIR* opened = ::opendir(path.c_str());
    if (opened == nullptr) return std::unexpected(file_error(errno, "listing", path));
    std::vector<directory_entry> entries;
    errno = 0;
    while (const dirent* entry = ::readdir(opened)) {
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        directory_entry found;
        found.name = name;
        found.is_directory = is_directory(opened, *entry);
        entries.push_back(std::move(found));
        errno = 0;
    }
    const int failed = errno;
    ::closedir(opened);
    if (failed != 0) return std::unexpected(file_error(failed, "listing", path));
    std::ranges::sort(entries, {}, &directory_entry::name);
    return entries;
}

result<bool> exists(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return std::unexpected(file_error(errno, "looking for", path));
}

result<> rename(const std::string& from, const std::string& to) {
    return outcome(::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno, "renaming", from + " to " + to);
}

result<> remove_file(const std::string& path) {
    return outcome(::unlink(path.c_str()) == 0 ? 0 : errno, "removing", path);
}

result<> remove_directory(const std::string& path) {
    return outcome(::rmdir(path.c_str()) == 0 ? 0 : errno, "removing directory", path);
}

result<> sync_directory(const std::string& path) {
    int opened = -1;
    int failed =
        uninterrupted([&] { return opened = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (failed == 0) {
        failed = ::fsync(opened) == 0 ? 0 : errno;
        ::close(opened);
    }
    return outcome(failed, "syncing directory", path);
}

result<file_system_space> space(const std::string& path) {
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0) return std::unexpected(file_error(errno, "space of", path));
    file_system_space found;
    found.total_bytes = std::uint64_t(status.f_blocks) * status.f_frsize;
    found.free_bytes = std::uint64_t(status.f_bavail) * status.f_frsize;
    return found;
}

result<std::unique_ptr<directory_lock>> lock(const std::string& path) {
    int opened = -1;
    int failed =
        uninterrupted([&] { return opened = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644); });
    if (failed == 0) {
        failed = uninterrupted([&] { return ::flock(opened, LOCK_EX | LOCK_NB); });
        if (failed != 0) ::close(opened);
    }
    if (failed != 0) return std::unexpected(file_error(failed, "locking", path));
    return std::make_unique<descriptor_lock>(opened);
}

std::span<iovec> without_first(std::span<iovec> pieces, std::size_t bytes) {
    while (!pieces.empty() && bytes >= pieces.front().iov_len) {
        bytes -= pieces.front().iov_len;
        pieces = pieces.subspan(1);
    }
    if (bytes > 0) {
        pieces.front().iov_base = static_cast<std::byte*>(pieces.front().iov_base) + bytes;
        pieces.front().iov_len -= bytes;
    }
    return pieces;
}

std::vector<iovec> pieces_of(std::span<const bytes_view> views) {
    std::vector<iovec> pieces;
    pieces.reserve(views.size());
    for (const bytes_view view : views) {
        if (!view.empty()) pieces.push_back({const_cast<std::byte*>(view.data()), view.size()});
    }
    return pieces;
}

}  // namespace logstore::env::calls
