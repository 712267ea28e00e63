// Who of a shard's clients is next, when some want more of its time than others.
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string_view>

#include "env/executor.h"

namespace logstore::door {

/// Something that an address wants of the shard, and that may have to wait for its turn.
class turn_taker {
  public:
    turn_taker() = default;
    turn_taker(const turn_taker&) = delete;
    turn_taker& operator=(const turn_taker&) = delete;
    virtual ~turn_taker();
    /// The turn that was waited for. From the loop. May wait again, and may be destroyed in it.
    virtual void on_turn() = 0;
    bool waits_for_turn() const { return waits_; }

  private:
    friend class fair_turns;
    turn_taker* next_ = nullptr;
    turn_taker* previous_ = nullptr;
    std::uint32_t account_ = 0;
    bool waits_ = false;
};

/// Shares a shard's time among addresses. Each has an account, to which is charged what is done for it; it is
/// paid off with time, at one part in `light_share`. Who stays below that, and a little above for a moment, is
/// light and never waits. The heavy ones have `slice` of each turn of the loop together: what goes beyond waits,
/// and is let through address by address, in turn. So what a light client waits for is a slice, however many
/// heavy ones there are and however much they want; and when nobody else wants anything, heavy ones have all of
/// the shard's time, a slice at a time. Where only one address is connected, nobody waits.
///
/// Two addresses in `accounts` may share an account: then they wait for each other. One shard.
class fair_turns {
  public:
    static constexpr std::size_t accounts = 1024;
    static constexpr int light_share = 8;
    static constexpr env::duration light_burst = std::chrono::milliseconds(2);
    static constexpr env::duration slice = std::chrono::microseconds(200);

    using account_number = std::uint32_t;

    explicit fair_turns(env::executor& loop) : loop_(loop), self_(std::make_shared<fair_turns*>(this)) {}
    ~fair_turns();
    fair_turns(const fair_turns&) = delete;
    fair_turns& operator=(const fair_turns&) = delete;

    /// One of an address' connections. The account is shared with its others.
    class seat {
      public:
        /// `address` without its port.
        seat(fair_turns& turns, std::string_view address);
        ~seat();
        seat(const seat&) = delete;
        seat& operator=(const seat&) = delete;

        account_number number() const { return number_; }

      private:
        fair_turns& turns_;
        const account_number number_;
    };

    /// Whether something for this account must wait now. False also where its turn has come in this very call.
    bool must_wait(account_number of, env::monotonic_time now);
    /// Whether it was heavy when that was last looked at.
    bool is_heavy(account_number of) const { return accounts_[of].debt > light_burst && seated_accounts_ > 1; }
    /// `cost` was spent for this account, or soon will be.
    void charge(account_number of, env::duration cost, env::monotonic_time now);
    /// Calls who.on_turn() when its turn comes, never from inside this. REQUIRES: it does not wait already.
    void wait(turn_taker& who, account_number of);
    /// It waits no more; harmless when it does not.
    void cancel(turn_taker& who);

    /// Who waits now, and what has waited so far.
    std::size_t waiting() const { return waiting_; }
    std::uint64_t waits() const { return waits_; }

    /// `co_await turns.next(…)`: pays `cost`, lets others have their turn, and goes on when its own has come.
    auto next(account_number of, env::duration cost) { return waiter(*this, of, cost); }

  private:
    struct account {
        /// What was charged and is not paid off, as of then.
        env::duration debt{};
        env::monotonic_time as_of{};
        std::uint32_t seats = 0;
        turn_taker* first = nullptr;
        turn_taker* last = nullptr;
        /// Of the accounts with somebody who waits, the next in the round.
        account_number next = 0;
    };

    class waiter final : public turn_taker {
      public:
        waiter(fair_turns& turns, account_number of, env::duration cost) : turns_(turns), of_(of), cost_(cost) {}
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting);
        void await_resume() const noexcept {}
        void on_turn() override { waiting_.resume(); }

      private:
        fair_turns& turns_;
        const account_number of_;
        const env::duration cost_;
        std::coroutine_handle<> waiting_;
    };

    /// What a turn costs beside what is charged for it.
    static constexpr env::duration turn_cost = std::chrono::microseconds(1);

    void settle(account& of, env::monotonic_time now);
    void end_turn_later();
    void on_turn_end();
    turn_taker& take_first();
    void add_to_round(account_number number);
    void remove_from_round(account_number number);
    void unlink(turn_taker& who);

    env::executor& loop_;
    /// For what is posted, which may outlive this.
    const std::shared_ptr<fair_turns*> self_;
    std::array<account, accounts> accounts_{};
    std::uint32_t seated_accounts_ = 0;
    /// The round of accounts with somebody who waits; `accounts` = none.
    account_number round_first_ = accounts;
    account_number round_last_ = accounts;
    /// Of heavy accounts, since the loop's turn began; what exceeds a slice counts in the next ones.
    env::duration spent_{};
    bool is_end_posted_ = false;
    std::size_t waiting_ = 0;
    std::uint64_t waits_ = 0;
};

}  // namespace logstore::door
