// A limit on bytes that is shared by all shards of the process.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "env/executor.h"

namespace logstore {

class budget_share;

/// Bytes that may be held at the same time. A holder is let in while fewer than the limit are held, whatever
/// its own size: so one larger than the limit gets through too, and at most the limit and one holder's bytes
/// are held. Any thread takes and gives back, through the budget_share of its shard. Outlives every executor
/// that has a share.
class byte_budget {
  public:
    /// One share for each executor.
    byte_budget(std::size_t limit_bytes, const std::vector<env::executor*>& homes);
    ~byte_budget();
    byte_budget(const byte_budget&) = delete;
    byte_budget& operator=(const byte_budget&) = delete;

    /// The share of the executor at `index` of those given.
    budget_share& share(std::size_t index) { return *shares_[index]; }
    std::size_t held_bytes() const { return held_bytes_.load(std::memory_order_relaxed); }
    std::size_t limit_bytes() const { return limit_bytes_; }

  private:
    friend class budget_share;
    bool try_take(std::size_t bytes);
    std::size_t take_up_to(std::size_t bytes);
    void give_back(std::size_t bytes);

    const std::size_t limit_bytes_;
    std::atomic<std::size_t> held_bytes_{0};
    /// Shares that are to be woken when bytes come back.
    std::atomic<std::uint32_t> waiting_shares_{0};
    std::vector<std::unique_ptr<budget_share>> shares_;
};

/// Who waits for bytes of a budget.
class budget_waiter {
  public:
    budget_waiter() = default;
    budget_waiter(const budget_waiter&) = delete;
    budget_waiter& operator=(const budget_waiter&) = delete;
    virtual ~budget_waiter();
    /// The bytes waited for are taken, in this waiter's name. From the loop, never from inside
    /// take_or_wait().
    virtual void on_granted() = 0;
    bool is_waiting() const { return is_waiting_; }

  private:
    friend class budget_share;
    std::size_t wanted_bytes_ = 0;
    budget_waiter* next_ = nullptr;
    budget_waiter* previous_ = nullptr;
    bool is_waiting_ = false;
};

/// One shard's access to a budget, and its queue of waiters, first in first out. All functions belong to the
/// shard's thread.
class budget_share final : private env::remote_message {
  public:
    budget_share(byte_budget& whole, env::executor& home) : whole_(whole), home_(home) {}

    /// True: taken. False: `waiter` gets them later, and must live until then or cancel(). REQUIRES: it does
    /// not wait already.
    bool take_or_wait(std::size_t bytes, budget_waiter& waiter);
    /// True: taken. False: the limit is reached, or others wait.
    bool try_take(std::size_t bytes) { return first_ == nullptr && whole_.try_take(bytes); }
    /// `waiter` waits no more; harmless when it does not.
    void cancel(budget_waiter& waiter);
    /// Takes what is left below the limit, at most `bytes`; returns how much.
    std::size_t take_up_to(std::size_t bytes) { return whole_.take_up_to(bytes); }
    /// Takes also above the limit: for what is there already.
    void take_anyway(std::size_t bytes) { whole_.held_bytes_.fetch_add(bytes); }
    void give_back(std::size_t bytes) { whole_.give_back(bytes); }
    const byte_budget& whole() const { return whole_; }
    /// The limit is reached, or somebody waits.
    bool is_scarce() const { return first_ != nullptr || whole_.held_bytes() >= whole_.limit_bytes(); }

  private:
    friend class byte_budget;
    /// What a thread that gives back must do for this share.
    enum class wake_state : std::uint8_t { nothing, wanted, under_way };

    void run() override;
    bool take_first();
    void ask_for_wake();
    void unlink(budget_waiter& waiter);

    byte_budget& whole_;
    env::executor& home_;
    budget_waiter* first_ = nullptr;
    budget_waiter* last_ = nullptr;
    std::atomic<wake_state> wake_{wake_state::nothing};
};

}  // namespace logstore
