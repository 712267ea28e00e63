// Files by plain system calls on threads: works everywhere, and tools that watch system calls see everything.
// Private to env.
#pragma once

#include <atomic>

#include "env/executor.h"
#include "env/file_calls.h"
#include "env/thread_pool.h"

namespace logstore::env {

/// The threads that make blocking file calls, shared by all executors. Three queues, so that a durable write,
/// which acknowledgements wait for, never stands behind write-behind, a slow flush or a reader of old data.
class disk_threads {
  public:
    /// `shards` executors have one durable write each under way as a rule. With `names_only` (io_uring does
    /// the rest), the transfers get no threads.
    disk_threads(std::uint32_t shards, bool names_only);

    worker_pool& durable() { return *durable_; }
    worker_pool& writing() { return *writing_; }
    /// Reads, names, closing.
    worker_pool& reading() { return reading_; }

  private:
    thread_pool reading_;
    std::unique_ptr<thread_pool> durable_;
    std::unique_ptr<thread_pool> writing_;
};

/// A file whose operations run on disk_threads.
class thread_file : public file {
  public:
    thread_file(executor& loop, disk_threads& threads, std::string path, calls::opened_file opened)
        : loop_(loop), threads_(threads), path_(std::move(path)), opened_(opened) {}
    ~thread_file() override;

    task<result<std::size_t>> read(std::uint64_t position, mutable_bytes into) override;
    task<result<>> write(std::uint64_t position, bytes_view from) override;
    task<result<>> write_pieces(std::uint64_t position, std::vector<bytes_view> pieces) override;
    task<result<>> write_durably(std::uint64_t position, bytes_view from) override;
    task<result<>> flush() override;
    task<result<>> reserve(std::uint64_t position, std::uint64_t length) override;
    task<result<>> truncate(std::uint64_t length) override;
    task<result<std::uint64_t>> size() override;
    task<result<>> drop_cache() override;
    bool is_direct() const override { return opened_.is_direct; }

  protected:
    /// Counts an operation while it is under way.
    class operation {
      public:
        explicit operation(thread_file& of) : count_(of.operations_) { ++count_; }
        ~operation() { --count_; }
        operation(const operation&) = delete;
        operation& operator=(const operation&) = delete;

      private:
        std::size_t& count_;
    };

    /// `failed` (0 or an errno) as a result.
    result<> outcome(int failed, std::string_view what) const;
    error failure(int number, std::string_view what) const { return calls::file_error(number, what, path_); }
    int descriptor() const { return opened_.descriptor; }
    executor& loop() { return loop_; }
    disk_threads& threads() { return threads_; }

    /// RWF_DSYNC was refused once: write and fdatasync from then on.
    std::atomic<bool> refuses_durable_writes_ = false;

  private:
    int write_durably_now(std::uint64_t position, bytes_view from);

    executor& loop_;
    disk_threads& threads_;
    std::string path_;
    calls::opened_file opened_;
    std::size_t operations_ = 0;
};

/// Names and directories on disk_threads, for both backends, and files for one.
class thread_file_system : public file_system {
  public:
    /// `why` is what description() adds, such as the reason against io_uring.
    thread_file_system(executor& loop, disk_threads& threads, std::string why)
        : loop_(loop), threads_(threads), why_(std::move(why)) {}

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
    std::string description() const override { return why_.empty() ? "threads" : "threads (" + why_ + ")"; }

  protected:
    virtual std::unique_ptr<file> make_file(std::string path, calls::opened_file opened);
    executor& loop() { return loop_; }
    disk_threads& threads() { return threads_; }

  private:
    executor& loop_;
    disk_threads& threads_;
    std::string why_;
};

}  // namespace logstore::env
