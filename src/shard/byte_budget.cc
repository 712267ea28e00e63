#include "shard/byte_budget.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace logstore {

byte_budget::byte_budget(std::size_t limit_bytes, const std::vector<env::executor*>& homes)
    : limit_bytes_(limit_bytes) {
    CHECK(limit_bytes > 0);
    for (env::executor* home : homes) shares_.push_back(std::make_unique<budget_share>(*this, *home));
}

byte_budget::~byte_budget() = default;

bool byte_budget::try_take(std::size_t bytes) {
    // A loop rather than add-and-look: two that overshoot at the same time would refuse each other and both
    // wait for nobody.
    std::size_t held = held_bytes_.load();
    do {
        if (held >= limit_bytes_) return false;
    } while (!held_bytes_.compare_exchange_weak(held, held + bytes));
    return true;
}

std::size_t byte_budget::take_up_to(std::size_t bytes) {
    std::size_t held = held_bytes_.load();
    std::size_t taken = 0;
    do {
        taken = std::min(bytes, limit_bytes_ - std::min(held, limit_bytes_));
        if (taken == 0) return 0;
    } while (!held_bytes_.compare_exchange_weak(held, held + taken));
    return taken;
}

void byte_budget::give_back(std::size_t bytes) {
    const std::size_t held = held_bytes_.fetch_sub(bytes);
    CHECK(held >= bytes, "gives back {} bytes of {}", bytes, held);
    if (waiting_shares_.load() == 0) return;
    for (const auto& share : shares_) {
        auto expected = budget_share::wake_state::wanted;
        if (!share->wake_.compare_exchange_strong(expected, budget_share::wake_state::under_way)) continue;
        waiting_shares_.fetch_sub(1);
        share->home_.send(share.get());
    }
}

budget_waiter::~budget_waiter() {
    CHECK(!is_waiting_, "a waiter must cancel before it goes");
}

bool budget_share::take_or_wait(std::size_t bytes, budget_waiter& waiter) {
    CHECK(!waiter.is_waiting_);
    if (first_ == nullptr && whole_.try_take(bytes)) return true;
    waiter.wanted_bytes_ = bytes;
    waiter.is_waiting_ = true;
    waiter.next_ = nullptr;
    waiter.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &waiter;
    last_ = &waiter;
    if (first_ == &waiter) ask_for_wake();
    return false;
}

void budget_share::cancel(budget_waiter& waiter) {
    if (waiter.is_waiting_) unlink(waiter);
}

void budget_share::unlink(budget_waiter& waiter) {
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : first_) = waiter.next_;
    (waiter.next_ != nullptr ? waiter.next_->previous_ : last_) = waiter.previous_;
    waiter.is_waiting_ = false;
}

void budget_share::ask_for_wake() {
    auto expected = wake_state::nothing;
    if (!wake_.compare_exchange_strong(expected, wake_state::wanted))
        return;  // asked already, or run() is on its way
    whole_.waiting_shares_.fetch_add(1);
    // Bytes that came back just before the wish was visible woke nobody.
    if (whole_.held_bytes_.load() >= whole_.limit_bytes_) return;
    expected = wake_state::wanted;
    if (!wake_.compare_exchange_strong(expected, wake_state::under_way)) return;
    whole_.waiting_shares_.fetch_sub(1);
    home_.send(this);
}

bool budget_share::take_first() {
    if (first_ == nullptr || !whole_.try_take(first_->wanted_bytes_)) return false;
    budget_waiter& granted = *first_;
    unlink(granted);
    granted.on_granted();
    return true;
}

void budget_share::run() {
    wake_.store(wake_state::nothing);
    while (take_first()) {
    }
    if (first_ != nullptr) ask_for_wake();
}

}  // namespace logstore
