#include "env/thread_pool.h"

#include <pthread.h>

#include "base/check.h"

namespace logstore::env {

thread_pool::thread_pool(std::string name, std::uint32_t threads) : name_(name.substr(0, 15)) {
    CHECK(threads > 0);
    for (std::uint32_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

thread_pool::~thread_pool() {
    {
        std::lock_guard hold(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void thread_pool::submit(work what) {
    bool wake = false;
    {
        std::lock_guard hold(mutex_);
        waiting_.push_back(std::move(what));
        wake = idle_ > 0;
    }
    if (wake) changed_.notify_one();
}

void thread_pool::run() {
    pthread_setname_np(pthread_self(), name_.c_str());
    std::unique_lock hold(mutex_);
    for (;;) {
        while (waiting_.empty() && !stopping_) {
            ++idle_;
            changed_.wait(hold);
            --idle_;
        }
        if (waiting_.empty()) return;
        work next = std::move(waiting_.front());
        waiting_.pop_front();
        hold.unlock();
        next();
        next = nullptr;  // what it captured goes before the lock is taken again
        hold.lock();
    }
}

}  // namespace logstore::env
