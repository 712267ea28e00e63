// Lock-free many-senders-one-receiver queue, drained in batches.
#pragma once

#include <atomic>

#include "env/executor.h"

namespace logstore::env {

/// Any thread pushes, one thread drains. A push into an empty mailbox reports it, so that a burst costs one wake-up.
class mailbox {
  public:
    /// True when the mailbox was empty: the receiver must be woken.
    bool push(remote_message* message) noexcept {
        remote_message* head = head_.load(std::memory_order_relaxed);
        do {
            message->next_ = head;
        } while (!head_.compare_exchange_weak(head, message, std::memory_order_release, std::memory_order_relaxed));
        return head == nullptr;
    }

    bool is_empty() const noexcept { return head_.load(std::memory_order_relaxed) == nullptr; }

    /// Runs everything that was in the mailbox when the call began, oldest first.
    void drain() {
        remote_message* newest_first = head_.exchange(nullptr, std::memory_order_acquire);
        remote_message* oldest_first = nullptr;
        while (newest_first != nullptr) {
            remote_message* next = newest_first->next_;
            newest_first->next_ = oldest_first;
            oldest_first = newest_first;
            newest_first = next;
        }
        while (oldest_first != nullptr) {
            remote_message* next = oldest_first->next_;
            oldest_first->run();
            oldest_first = next;
        }
    }

  private:
    std::atomic<remote_message*> head_{nullptr};
};

}  // namespace logstore::env
