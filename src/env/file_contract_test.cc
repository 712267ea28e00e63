#include "env/file_contract.h"

#include <filesystem>

#include <sys/mount.h>
#include <unistd.h>

#include "env/asio_executor.h"
#include "env/system_clock.h"
#include "env/thread_file_system.h"
#include "env/uring_file_system.h"

namespace logstore::env {
namespace {

/// A directory that goes with the test.
class temporary_folder {
  public:
    temporary_folder() {
        std::string made = std::filesystem::temp_directory_path() / "logstore-env-XXXXXX";
        EXPECT_NE(::mkdtemp(made.data()), nullptr);
        path_ = made;
    }
    ~temporary_folder() { std::filesystem::remove_all(path_); }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

struct real_world {
    explicit real_world(bool names_only) : disk(1, names_only) {}

    executor& loop() { return asio; }
    std::string folder() { return directory.path(); }
    void run_until(const std::function<bool()>& done) { asio.run_until(done); }

    temporary_folder directory;
    system_clock clock;
    asio_executor asio{clock};
    disk_threads disk;
};

struct thread_world : real_world {
    thread_world() : real_world(false), file_system_(asio, disk, {}) {}
    file_system& files() { return file_system_; }

    thread_file_system file_system_;
};

struct uring_world : real_world {
    uring_world() : real_world(true) {
        auto ring = uring_ring::make(asio);
        // A container without io_uring runs this suite over threads twice.
        if (ring) {
            file_system_ = std::make_unique<uring_file_system>(asio, disk, std::move(*ring));
        } else {
            all_threads = std::make_unique<disk_threads>(1, false);
            file_system_ = std::make_unique<thread_file_system>(asio, *all_threads, ring.error().message());
        }
    }
    file_system& files() { return *file_system_; }

    std::unique_ptr<disk_threads> all_threads;
    std::unique_ptr<file_system> file_system_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(threads, file_contract, thread_world);
INSTANTIATE_TYPED_TEST_SUITE_P(io_uring, file_contract, uring_world);

}  // namespace
}  // namespace logstore::env
