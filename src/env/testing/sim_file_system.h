// The files of one simulated executor, on a simulated disk.
#pragma once

#include "env/file.h"
#include "env/testing/sim_disk.h"

namespace logstore::env {

/// One process's view of a disk. Made in the life of the disk's present process; after its end
/// (sim_disk::crash, kill) every operation answers ENODEV, and the next process needs a new one. Direct files
/// CHECK the alignment that O_DIRECT asks for.
class sim_file_system final : public file_system {
  public:
    /// Both outlive it and all of its files.
    sim_file_system(sim_disk& disk, sim_executor& on) : disk_(disk), on_(on), process_(disk.process()) {}

    task<result<std::unique_ptr<file>>> open(std::string path, open_options options) override;
    task<result<>> make_directory(std::string path) override;
    task<result<std::vector<directory_entry>>> list(std::string path) override;
    task<result<bool>> exists(std::string path) override;
    task<result<>> rename(std::string from, std::string to) override;
    task<result<>> remove_file(std::string path) override;
    task<result<>> remove_directory(std::string path) override;
    task<result<>> sync_directory(std::string path) override;
    task<result<file_system_space>> space(std::string path) override;
    task<result<std::unique_ptr<directory_lock>>> lock(std::string path) override;
    std::string description() const override { return "simulated"; }

  private:
    std::error_code open_now(const std::string& path, const open_options& options,
                             sim_inode_reference& opened);

    sim_disk& disk_;
    sim_executor& on_;
    const std::uint64_t process_;
};

}  // namespace logstore::env
