// The blocking system calls behind files and directories, with their loops and error words. Private to env.
#pragma once

#include <cerrno>
#include <span>
#include <string>
#include <vector>

#include <sys/uio.h>

#include "env/file.h"

namespace logstore::env::calls {

/// An error of `number` (an errno) while doing `what` with `path`.
error file_error(int number, std::string_view what, std::string_view path);

struct opened_file {
    int descriptor = -1;
    bool is_direct = false;
};
result<opened_file> open_file(const std::string& path, const open_options& options);

/// These answer 0 or an errno. They go on after EINTR and short transfers.
int read_fully(int descriptor, std::uint64_t position, mutable_bytes into, std::size_t& received);
/// With `durable`, RWF_DSYNC. The pieces are used up.
int write_fully(int descriptor, std::uint64_t position, std::span<iovec> pieces, bool durable);
int flush_data(int descriptor);
int reserve(int descriptor, std::uint64_t position, std::uint64_t length);
/// For file systems that reserve nothing: the file grows to `end` all the same, and reads as zeros.
int grow_to(int descriptor, std::uint64_t end);
int truncate(int descriptor, std::uint64_t length);
int drop_cache(int descriptor);
result<std::uint64_t> size_of(int descriptor, const std::string& path);

/// Whether a durable write was refused without being tried, so that write and fdatasync can stand in for it.
inline bool is_refusal(int number) {
    return number == EOPNOTSUPP || number == EINVAL;
}

/// Whether this file system or this kernel has no fallocate, so that growing the file must do. A tracer that lets go
/// within the call leaves ENOSYS too.
inline bool has_no_reservation(int number) {
    return number == EOPNOTSUPP || number == ENOSYS;
}

result<> make_directory(const std::string& path);
result<std::vector<directory_entry>> list(const std::string& path);
result<bool> exists(const std::string& path);
result<> rename(const std::string& from, const std::string& to);
result<> remove_file(const std::string& path);
result<> remove_directory(const std::string& path);
result<> sync_directory(const std::string& path);
result<file_system_space> space(const std::string& path);
result<std::unique_ptr<directory_lock>> lock(const std::string& path);

/// Takes `bytes` from the front of `pieces`: what is left to write. Pieces used up are dropped.
std::span<iovec> without_first(std::span<iovec> pieces, std::size_t bytes);
/// A piece for each non-empty view.
std::vector<iovec> pieces_of(std::span<const bytes_view> views);
/// The most pieces and bytes one call may carry.
inline constexpr std::size_t pieces_a_call = 1024;
inline constexpr std::size_t bytes_a_call = std::size_t(1) << 30;

}  // namespace logstore::env::calls
