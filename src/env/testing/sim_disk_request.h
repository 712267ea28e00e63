// One operation of a simulated disk on its way.
#pragma once

#include <coroutine>
#include <functional>
#include <system_error>

#include "env/testing/sim_disk.h"

namespace logstore::env {

/// Lives in the coroutine of the file or file system that makes the call, and is awaited once; the answer is
/// empty on success. Destroying it while it is under way withdraws it: nothing of it happens any more.
class sim_disk_request {
  public:
    sim_disk_request(sim_disk& disk, sim_executor& on, std::uint64_t process, sim_disk_operation_kind kind,
                     std::string path, std::uint64_t position = 0, std::uint64_t length = 0)
        : disk_(disk), on_(on), process_(process) {
        what_.kind = kind;
        what_.path = std::move(path);
        what_.position = position;
        what_.length = length;
    }
    sim_disk_request(const sim_disk_request&) = delete;
    sim_disk_request& operator=(const sim_disk_request&) = delete;
    ~sim_disk_request() {
        if (ticket_ != 0) disk_.withdraw(*this);
    }

    /// What the operation does, when it ends.
    std::move_only_function<std::error_code()> apply;
    /// What it does already when it starts.
    std::move_only_function<void()> begin;
    /// What it leaves behind when an injected error ends it.
    std::move_only_function<void(sim_random&)> fail;
    /// What it leaves behind when power or process are lost meanwhile. Unset: everything or nothing, for
    /// changes of names and sizes.
    std::move_only_function<void(sim_random&)> interrupt;

    // What a fault wants of apply() and begin(); decided before begin().
    bool will_fail() const { return fault_.value() != 0; }
    bool is_lost() const { return lost_; }
    std::int64_t shift() const { return shift_; }

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
        waiter_ = waiting;
        disk_.submit(*this);
    }
    std::error_code await_resume() const noexcept { return outcome_; }

  private:
    friend class sim_disk;

    sim_disk& disk_;
    sim_executor& on_;
    const std::uint64_t process_;
    sim_disk_operation what_;
    std::coroutine_handle<> waiter_;
    std::uint64_t ticket_ = 0;                // 0: not under way
    sim_scheduler::event_id completion_ = 0;  // 0: none is scheduled
    bool held_ = false;
    bool is_dead_ = false;
    std::error_code fault_;
    bool lost_ = false;
    std::int64_t shift_ = 0;
    std::error_code outcome_;
};

}  // namespace logstore::env
