// Files by io_uring. Private to env.
#pragma once

#include <memory>

#include "env/thread_file_system.h"
#include "env/uring_ring.h"

namespace logstore::env {

/// Reads, writes, flushes and reservations go through the ring of the executor; names and the rest to
/// threads.
class uring_file final : public thread_file {
  public:
    uring_file(executor& loop, disk_threads& threads, std::shared_ptr<uring_ring> ring, std::string path,
               calls::opened_file opened)
        : thread_file(loop, threads, std::move(path), opened), ring_(std::move(ring)) {}

    task<result<std::size_t>> read(std::uint64_t position, mutable_bytes into) override;
    task<result<>> write(std::uint64_t position, bytes_view from) override;
    task<result<>> write_pieces(std::uint64_t position, std::vector<bytes_view> pieces) override;
    task<result<>> write_durably(std::uint64_t position, bytes_view from) override;
    task<result<>> flush() override;
    task<result<>> reserve(std::uint64_t position, std::uint64_t length) override;

  private:
    /// 0 or an errno. `flags` are those of pwritev2.
    task<int> write_fully(std::uint64_t position, bytes_view from, int flags);
    task<int> flush_data();

    std::shared_ptr<uring_ring> ring_;
};

class uring_file_system final : public thread_file_system {
  public:
    uring_file_system(executor& loop, disk_threads& threads, std::shared_ptr<uring_ring> ring)
        : thread_file_system(loop, threads, {}), ring_(std::move(ring)) {}

    std::string description() const override { return "io_uring"; }

  protected:
    std::unique_ptr<file> make_file(std::string path, calls::opened_file opened) override;

  private:
    std::shared_ptr<uring_ring> ring_;
};

}  // namespace logstore::env
