// A few threads for calls that block.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "env/worker_pool.h"

namespace logstore::env {

/// Runs submitted work first in, first out, on `threads` threads. The destructor finishes all that was
/// submitted. The queue is bounded by its submitters, who each wait for an answer.
class thread_pool final : public worker_pool {
  public:
    /// `name` is what the threads are called in ps and gdb (15 characters).
    thread_pool(std::string name, std::uint32_t threads);
    ~thread_pool() override;
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;

    void submit(work what) override;

  private:
    void run();

    std::string name_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<work> waiting_;
    std::uint32_t idle_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace logstore::env
