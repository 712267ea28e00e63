#include "door/fair_turns.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.h"

namespace logstore::door {

turn_taker::~turn_taker() {
    CHECK(!waits_, "who waits for a turn must not go");
}

fair_turns::~fair_turns() {
    CHECK(waiting_ == 0 && seated_accounts_ == 0);
}

fair_turns::seat::seat(fair_turns& turns, std::string_view address)
    : turns_(turns), number_(static_cast<account_number>(std::hash<std::string_view>()(address) % accounts)) {
    if (turns_.accounts_[number_].seats++ == 0) ++turns_.seated_accounts_;
}

fair_turns::seat::~seat() {
    if (--turns_.accounts_[number_].seats == 0) --turns_.seated_accounts_;
}

void fair_turns::settle(account& of, env::monotonic_time now) {
    const env::duration paid = (now - of.as_of) / light_share;
    of.as_of = now;
    of.debt = std::max<env::duration>(of.debt - paid, {});
}

bool fair_turns::must_wait(account_number of, env::monotonic_time now) {
    account& which = accounts_[of];
    if (seated_accounts_ < 2 || which.debt <= light_burst) return false;
    settle(which, now);
    return which.debt > light_burst && (waiting_ > 0 || spent_ >= slice);
}

void fair_turns::charge(account_number of, env::duration cost, env::monotonic_time now) {
    // No more than it may have at a time is kept against it, or it would wait long after it has become modest.
    constexpr env::duration debt_max = 50 * light_burst;
    account& to = accounts_[of];
    settle(to, now);
    to.debt = std::min(to.debt + cost, debt_max);
    if (!is_heavy(of)) return;
    constexpr env::duration spent_max = 50 * slice;
    spent_ = std::min(spent_ + cost, spent_max);
    end_turn_later();
}

void fair_turns::wait(turn_taker& who, account_number of) {
    CHECK(!who.waits_);
    account& to = accounts_[of];
    who.account_ = of;
    who.waits_ = true;
    who.next_ = nullptr;
    who.previous_ = to.last;
    (to.last != nullptr ? to.last->next_ : to.first) = &who;
    to.last = &who;
    if (to.first == &who) add_to_round(of);
    ++waiting_;
    ++waits_;
    end_turn_later();
}

void fair_turns::cancel(turn_taker& who) {
    if (!who.waits_) return;
    unlink(who);
    if (accounts_[who.account_].first == nullptr) remove_from_round(who.account_);
}

void fair_turns::unlink(turn_taker& who) {
    account& from = accounts_[who.account_];
    (who.previous_ != nullptr ? who.previous_->next_ : from.first) = who.next_;
    (who.next_ != nullptr ? who.next_->previous_ : from.last) = who.previous_;
    who.waits_ = false;
    --waiting_;
}

void fair_turns::add_to_round(account_number number) {
    accounts_[number].next = accounts;
    (round_last_ != accounts ? accounts_[round_last_].next : round_first_) = number;
    round_last_ = number;
}

void fair_turns::remove_from_round(account_number number) {
    account_number before = accounts;
    for (account_number at = round_first_; at != number; at = accounts_[at].next) before = at;
    (before != accounts ? accounts_[before].next : round_first_) = accounts_[number].next;
    if (round_last_ == number) round_last_ = before;
}

/// The first of the account whose turn it is, which goes to the end of the round.
turn_taker& fair_turns::take_first() {
    const account_number number = round_first_;
    turn_taker& first = *accounts_[number].first;
    unlink(first);
    remove_from_round(number);
    if (accounts_[number].first != nullptr) add_to_round(number);
    return first;
}

/// What is posted runs after the sockets that are ready had their chance: once for each turn of the loop.
void fair_turns::end_turn_later() {
    if (std::exchange(is_end_posted_, true)) return;
    loop_.post([whole = std::weak_ptr(self_)] {
        if (const auto self = whole.lock()) (*self)->on_turn_end();
    });
}

void fair_turns::on_turn_end() {
    is_end_posted_ = false;
    spent_ = std::max<env::duration>(spent_ - slice, {});
    while (waiting_ > 0 && spent_ < slice) {
        spent_ += turn_cost;
        take_first().on_turn();
    }
    if (waiting_ > 0 || spent_ > env::duration()) end_turn_later();
}

void fair_turns::waiter::await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    const env::monotonic_time now = turns_.loop_.time().now();
    turns_.charge(of_, cost_, now);
    if (turns_.must_wait(of_, now)) return turns_.wait(*this, of_);
    turns_.loop_.post([waiting] { waiting.resume(); });
}

}  // namespace logstore::door
