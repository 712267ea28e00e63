// Files and directories, behind an interface with three implementations: io_uring, a pool of threads, and a simulated disk.
// One contract suite runs over all of them (file_contract_test.cc).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "env/task.h"

namespace logstore::env {

struct open_options {
    bool writable = false;
    /// Make the file when it is absent. Its name is durable only after sync_directory of its folder.
    bool create = false;
    /// With create: fail with file_exists when it is there.
    bool exclusive = false;
    /// O_DIRECT: positions, lengths and memory must be multiples of block_bytes. Where the file system refuses it, the file
    /// works all the same through the page cache, and is_direct() tells.
    bool direct = false;

    // A constructor, so that no aggregate temporary stands beside a co_await.
    open_options() {}
    static open_options read_only() { return {}; }
    static open_options read_write() { open_options o; o.writable = true; return o; }
    open_options& creating() { create = true; return *this; }
    open_options& exclusively() { exclusive = true; return *this; }
    open_options& directly() { direct = true; return *this; }
};

/// An open file of one executor. Operations may overlap; each completes on that executor. The memory given to an operation
/// and the file itself must live until it completes. Errors carry the errno in std::generic_category.
/// A failed write or flush leaves the file's contents unknown: do not retry it (docs/decisions, "a failed flush").
class file {
  public:
    /// Closes. REQUIRES: no operation under way.
    virtual ~file() = default;

    /// Fills `into` from `position`; fewer bytes only at the end of the file.
    virtual task<result<std::size_t>> read(std::uint64_t position, mutable_bytes into) = 0;
    /// Writes all of `from`, or fails; short writes are continued inside. Not durable until flush().
    virtual task<result<>> write(std::uint64_t position, bytes_view from) = 0;
    /// As write, with pieces one after another in the file. Each piece obeys the alignment rule of a direct file.
    virtual task<result<>> write_pieces(std::uint64_t position, std::vector<bytes_view> pieces) = 0;
    /// As write, and durable when it completes (RWF_DSYNC, or a write and fdatasync where that is refused).
    virtual task<result<>> write_durably(std::uint64_t position, bytes_view from) = 0;
    /// What was written before is durable when this completes (fdatasync; the file's size included).
    virtual task<result<>> flush() = 0;
    /// Reserves disk space; the file grows to at least position + length and the new part reads as zeros. Not durable.
    virtual task<result<>> reserve(std::uint64_t position, std::uint64_t length) = 0;
    /// Sets the length. Durable after flush().
    virtual task<result<>> truncate(std::uint64_t length) = 0;
    virtual task<result<std::uint64_t>> size() = 0;
    /// Drops clean pages of the range from the page cache (POSIX_FADV_DONTNEED), so that reads see the disk.
    virtual task<result<>> drop_cache() = 0;
    virtual bool is_direct() const = 0;
};

struct directory_entry {
    std::string name;
    bool is_directory = false;
};

struct file_system_space {
    std::uint64_t total_bytes = 0;
    /// What this process may still use.
    std::uint64_t free_bytes = 0;
};

/// Held while it lives: the exclusive right to a directory among processes.
class directory_lock {
  public:
    virtual ~directory_lock() = default;
};

/// The files of one executor. Paths are taken as they are; names are durable only after sync_directory.
class file_system {
  public:
    virtual ~file_system() = default;

    virtual task<result<std::unique_ptr<file>>> open(std::string path, open_options options) = 0;
    /// Makes one directory; no error when it is there already.
    virtual task<result<>> make_directory(std::string path) = 0;
    /// The entries, without "." and "..", sorted by name.
    virtual task<result<std::vector<directory_entry>>> list(std::string path) = 0;
    virtual task<result<bool>> exists(std::string path) = 0;
    virtual task<result<>> rename(std::string from, std::string to) = 0;
    /// Removes a file. No such file is an error.
    virtual task<result<>> remove_file(std::string path) = 0;
    /// Removes an empty directory.
    virtual task<result<>> remove_directory(std::string path) = 0;
    /// Creations, renames and removals in `path` are durable when this completes.
    virtual task<result<>> sync_directory(std::string path) = 0;
    virtual task<result<file_system_space>> space(std::string path) = 0;
    /// Locks `path` (a file, made when absent) against other processes. resource_unavailable_try_again when another holds it.
    virtual task<result<std::unique_ptr<directory_lock>>> lock(std::string path) = 0;
    /// One line on what is used, for the start message: "io_uring", "threads (io_uring refused: …)", "simulated".
    virtual std::string description() const = 0;
};

}  // namespace logstore::env
