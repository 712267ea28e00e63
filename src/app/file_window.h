// Reads a file through a window, so that files of any size cost the same memory.
#pragma once

#include <memory>

#include "env/file.h"

namespace logstore::app {

/// A file and the piece of it that was read last. One reader at a time.
class file_window {
  public:
    static env::task<result<file_window>> open(env::file_system* files, std::string path);

    std::uint64_t size() const { return size_; }
    /// Up to `length` bytes from `position`, at most piece_bytes; fewer at the end of the file. Valid until
    /// the next call.
    env::task<result<bytes_view>> at(std::uint64_t position, std::size_t length);

    static constexpr std::size_t piece_bytes = std::size_t(1) << 20;

  private:
    file_window(std::unique_ptr<env::file> file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

    std::unique_ptr<env::file> file_;
    std::uint64_t size_;
    byte_vector piece_;
    std::uint64_t start_ = 0;
    std::size_t filled_ = 0;
};

/// The CRC-32C of [from, to), continuing `before`.
env::task<result<std::uint32_t>> crc_of_range(file_window* file, std::uint64_t from, std::uint64_t to,
                                              std::uint32_t before);

/// One past the last byte of [from, the file's end) that is not zero; `from` when all are.
env::task<result<std::uint64_t>> end_of_content(file_window* file, std::uint64_t from);

}  // namespace logstore::app
