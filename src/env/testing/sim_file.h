// An open file of a simulated disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "env/file.h"
#include "env/testing/sim_disk.h"

namespace logstore::env {

/// See sim_disk for what survives. The bytes of a write must not change while it is under way: that is
/// CHECKed.
class sim_file final : public file {
  public:
    sim_file(sim_disk& disk, sim_executor& on, std::uint64_t process, std::string path,
             sim_inode_reference inode, open_options options);
    ~sim_file() override;

    task<result<std::size_t>> read(std::uint64_t position, mutable_bytes into) override;
    task<result<>> write(std::uint64_t position, bytes_view from) override;
    task<result<>> write_pieces(std::uint64_t position, std::vector<bytes_view> pieces) override;
    task<result<>> write_durably(std::uint64_t position, bytes_view from) override;
    task<result<>> flush() override;
    task<result<>> reserve(std::uint64_t position, std::uint64_t length) override;
    task<result<>> truncate(std::uint64_t length) override;
    task<result<std::uint64_t>> size() override;
    task<result<>> drop_cache() override;
    bool is_direct() const override { return is_direct_; }

  private:
    class operation_mark;

    task<result<>> write_bytes(sim_disk_operation_kind kind, std::uint64_t position,
                               std::vector<bytes_view> pieces);
    std::error_code put(std::uint64_t position, bytes_view bytes, const sim_disk_request* request);
    void put_astray(std::uint64_t position, bytes_view bytes, std::int64_t shift);
    void fail_write(sim_disk_operation_kind kind, std::uint64_t position, bytes_view bytes,
                    sim_random& random);
    bool is_aligned(std::uint64_t position, bytes_view memory) const;

    sim_disk& disk_;
    sim_executor& on_;
    const std::uint64_t process_;
    const std::string path_;
    const sim_inode_reference inode_;
    const open_options options_;
    const bool is_direct_;
    std::size_t under_way_ = 0;
};

}  // namespace logstore::env
