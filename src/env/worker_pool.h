// Blocking calls (RocksDB) away from shard threads.
#pragma once

#include <coroutine>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "env/executor.h"
#include "env/task.h"

namespace logstore::env {

/// A few threads that run blocking work. submit() may be called from any thread; the simulator runs the work inline.
class worker_pool {
  public:
    virtual ~worker_pool() = default;
    virtual void submit(work what) = 0;
};

namespace detail {
template <class Function, class Value>
struct pool_call final : remote_message {
    worker_pool& pool;
    executor& home;
    Function function;
    std::optional<Value> value;
    std::coroutine_handle<> waiter;

    pool_call(worker_pool& the_pool, executor& the_home, Function the_function)
        : pool(the_pool), home(the_home), function(std::move(the_function)) {}
    void run() override { waiter.resume(); }

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
        waiter = waiting;
        pool.submit([this] {
            value.emplace(function());
            home.send(this);
        });
    }
    Value await_resume() { return std::move(*value); }
};
}  // namespace detail

/// Runs `function` on the pool and resumes on `home` with its value (not void). Pool and executor live as long as the host.
template <class Function>
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
task<std::invoke_result_t<Function&>> run_blocking(worker_pool& pool, executor& home, Function function) {
    detail::pool_call<Function, std::invoke_result_t<Function&>> call(pool, home, std::move(function));
    co_return co_await call;
}

}  // namespace logstore::env
