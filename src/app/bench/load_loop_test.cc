#include "app/bench/load_loop.h"

#include <gtest/gtest.h>

#include "env/testing/sim_world.h"

namespace logstore::app::bench {
namespace {

using namespace std::chrono_literals;

/// A server that answers each append `service` after it has done the ones before it on the connection.
class fake_lane final : public lane {
  public:
    struct behaviour {
        env::duration service = 10ms;
        /// Every so many appends one is refused; 0 = none.
        std::uint64_t refuse_every = 0;
        /// After so many appends the connection is lost, with all that is under way; 0 = never.
        std::uint64_t lose_after = 0;
        /// Nothing is answered in this time, counted from the start.
        env::duration stall_from{0}, stall_to{0};
    };
    struct shared_state {
        behaviour does;
        env::monotonic_time start;
        std::vector<append_order> appended;
        std::vector<env::monotonic_time> sent_at;
        std::size_t under_way_max = 0;
        std::size_t flushes = 0;
    };

    fake_lane(env::environment world, shared_state& state) : world_(world), state_(state) {}

    std::expected<void, refusal> send(const append_order& what) override {
        if (is_lost_) return std::unexpected(refusal{"connection lost", "it is gone", true});
        state_.appended.push_back(what);
        state_.sent_at.push_back(world_.time().now());
        state_.under_way_max = std::max(state_.under_way_max, ++under_way_);
        ++sent_;
        free_at_ = std::max(free_at_, world_.time().now()) + state_.does.service;
        if (free_at_ >= state_.start + state_.does.stall_from &&
            free_at_ < state_.start + state_.does.stall_to)
            free_at_ = state_.start + state_.does.stall_to;
        const std::uint64_t number = sent_;
        world_.loop.start_timer(free_at_, [this, number] { answer(number); });
        return {};
    }
    void flush() override { ++state_.flushes; }
    void listen(lane_listener& told) override { told_ = &told; }

  private:
    void answer(std::uint64_t number) {
        if (is_lost_) return;
        if (state_.does.lose_after != 0 && number > state_.does.lose_after) {
            is_lost_ = true;
            while (under_way_ > 0) {
                --under_way_;
                told_->on_answer(std::unexpected(refusal{"connection lost", "it went", true}));
            }
            return;
        }
        --under_way_;
        if (state_.does.refuse_every != 0 && number % state_.does.refuse_every == 0)
            return told_->on_answer(std::unexpected(refusal{"NOT_LEADER_OR_FOLLOWER", "not here", false}));
        told_->on_answer({});
    }

    env::environment world_;
    shared_state& state_;
    lane_listener* told_ = nullptr;
    std::size_t under_way_ = 0;
    std::uint64_t sent_ = 0;
    env::monotonic_time free_at_;
    bool is_lost_ = false;
};

struct stage {
    explicit stage(load_plan plan, fake_lane::behaviour does = {}, std::uint32_t connections = 2) {
        plan.records_per_request = 3;
        plan.bytes_per_request = 300;
        state.does = does;
        state.start = world.shard().time().now();
        loop.emplace(world.shard(), plan, ledger);
        for (std::uint32_t i = 0; i < connections; ++i)
            loop->add(std::make_unique<fake_lane>(world.shard(), state),
                      {ledger.add(partition_id(static_cast<std::int32_t>(i)))});
    }
    const load_tally& run() {
        world.run(loop->run());
        return loop->tally();
    }

    env::sim_world world{1};
    fake_lane::shared_state state;
    stream_ledger ledger;
    std::optional<load_loop> loop;
};

load_plan requests(std::uint64_t count) {
    load_plan plan;
    plan.requests = count;
    return plan;
}

TEST(load_loop, a_closed_loop_sends_when_it_is_answered) {
    stage on(requests(100));
    const load_tally& tally = on.run();
    EXPECT_EQ(tally.sent, 100u);
    EXPECT_EQ(tally.succeeded, 100u);
    EXPECT_EQ(tally.records, 300u);
    EXPECT_EQ(tally.bytes, 30'000u);
    EXPECT_EQ(tally.elapsed, 500ms);
    EXPECT_EQ(tally.latencies.quantile(0.01), 10ms);
    EXPECT_EQ(tally.latencies.max(), 10ms);
    EXPECT_EQ(tally.first_touch, 10ms);
    EXPECT_EQ(on.state.under_way_max, 1u);
    EXPECT_EQ(on.state.flushes, 100u);
}

TEST(load_loop, records_of_a_stream_are_numbered_without_a_gap) {
    load_plan plan = requests(50);
    plan.in_flight = 4;
    stage on(plan);
    on.run();
    EXPECT_EQ(on.state.under_way_max, 4u);
    std::uint64_t next[2] = {0, 0};
    for (const append_order& one : on.state.appended) {
        EXPECT_EQ(one.first_sequence, next[one.stream]);
        EXPECT_EQ(one.partition.value(), static_cast<std::int32_t>(one.stream));
        next[one.stream] += 3;
    }
    EXPECT_EQ(on.ledger.streams()[0].sent, next[0]);
    EXPECT_EQ(next[0] + next[1], 150u);
}

TEST(load_loop, a_duration_ends_it_and_what_is_under_way_still_counts) {
    load_plan plan;
    plan.duration = 1s;
    fake_lane::behaviour does;
    does.service = 30ms;
    stage on(plan, does, 1);
    const load_tally& tally = on.run();
    EXPECT_EQ(tally.sent, 34u);
    EXPECT_EQ(tally.succeeded, 34u);
    EXPECT_EQ(tally.elapsed, 1020ms);
}

TEST(load_loop, a_warm_up_is_not_counted) {
    load_plan plan;
    plan.warm_up = 500ms;
    plan.duration = 1s;
    fake_lane::behaviour does;
    does.service = 7ms;
    stage on(plan, does, 1);
    const load_tally& tally = on.run();
    EXPECT_EQ(on.state.appended.size(), 215u);
    EXPECT_EQ(tally.sent, 143u) << "from 504 ms on";
    EXPECT_EQ(tally.succeeded, 143u);
    EXPECT_EQ(tally.elapsed, 1005ms);
}

TEST(load_loop, an_open_loop_sends_when_requests_are_due) {
    load_plan plan = requests(200);
    plan.rate = 100;
    stage on(plan, {}, 4);
    const load_tally& tally = on.run();
    EXPECT_EQ(tally.succeeded, 200u);
    for (std::size_t i = 0; i < on.state.sent_at.size(); ++i)
        EXPECT_EQ(on.state.sent_at[i] - on.state.start, i * 10ms);
    EXPECT_EQ(tally.latencies.max(), 10ms);
    EXPECT_EQ(tally.overdue, 0u);
}

TEST(load_loop, what_a_stall_holds_up_counts_with_all_its_waiting) {
    fake_lane::behaviour stalls;
    stalls.stall_from = 1s;
    stalls.stall_to = 2s;
    load_plan closed;
    closed.duration = 4s;
    stage blind(closed, stalls);
    // Two requests saw the stall; a hundred others were never sent.
    EXPECT_LT(blind.run().latencies.quantile(0.99), 11ms);

    load_plan plan = closed;
    plan.rate = 100;
    stage on(plan, stalls);
    const load_tally& tally = on.run();
    EXPECT_NEAR(static_cast<double>(tally.succeeded), 400, 1);
    EXPECT_GT(tally.latencies.max(), 990ms);
    EXPECT_GT(tally.latencies.quantile(0.8), 300ms);
    EXPECT_EQ(tally.overdue, 0u);
}

TEST(load_loop, requests_that_were_due_and_never_sent_are_told) {
    load_plan plan;
    plan.duration = 1s;
    plan.rate = 1000;
    stage on(plan, {}, 1);  // which can do a hundred
    const load_tally& tally = on.run();
    EXPECT_EQ(tally.succeeded, tally.sent);
    EXPECT_NEAR(static_cast<double>(tally.succeeded), 100, 2);
    EXPECT_NEAR(static_cast<double>(tally.overdue), 900, 2);
    EXPECT_GT(tally.latencies.max(), 880ms);
}

TEST(load_loop, a_refusal_is_counted_by_its_kind_and_the_loop_goes_on) {
    fake_lane::behaviour does;
    does.refuse_every = 10;
    stage on(requests(100), does, 1);
    const load_tally& tally = on.run();
    EXPECT_EQ(tally.sent, 100u);
    EXPECT_EQ(tally.succeeded, 90u);
    EXPECT_EQ(tally.failed, 10u);
    EXPECT_EQ(tally.connections_lost, 0u);
    ASSERT_EQ(tally.errors.entries().size(), 1u);
    EXPECT_EQ(tally.errors.entries()[0].kind, "NOT_LEADER_OR_FOLLOWER");
    EXPECT_EQ(tally.errors.entries()[0].count, 10u);
    EXPECT_EQ(on.ledger.unacknowledged(), 30u);
    EXPECT_EQ(on.ledger.streams()[0].unacknowledged[0], (sequence_range{27, 30}));
    EXPECT_EQ(tally.series.points()[0].failed, 9u) << "the last of them came at 1,000 ms";
}

TEST(load_loop, the_others_do_the_part_of_a_lost_connection) {
    for (const bool is_open : {false, true}) {
        fake_lane::behaviour does;
        does.lose_after = 60;
        load_plan plan = requests(100);
        plan.in_flight = 2;
        if (is_open) plan.rate = 150;
        stage on(plan, does, 2);
        const load_tally& tally = on.run();
        EXPECT_EQ(tally.sent, 100u);
        EXPECT_EQ(tally.succeeded, 100u) << "neither sends more than 60";
        stage worse(plan, {.lose_after = 30}, 2);
        const load_tally& lost = worse.run();
        EXPECT_EQ(lost.connections_lost, 2u);
        EXPECT_EQ(lost.succeeded, 60u);
        EXPECT_EQ(lost.failed, lost.sent - 60);
        EXPECT_GE(lost.failed, 2u);
        EXPECT_LE(lost.failed, 4u);
    }
}

TEST(load_loop, stopped_it_waits_for_what_is_under_way) {
    for (const bool is_open : {false, true}) {
        load_plan plan;
        if (is_open) plan.rate = 50;
        stage on(plan);
        on.world.shard().loop.start_timer(on.state.start + 105ms, [&on] { on.loop->stop(); });
        const load_tally& tally = on.run();
        EXPECT_EQ(tally.succeeded, tally.sent);
        EXPECT_GE(tally.succeeded, 6u);
        EXPECT_LE(tally.elapsed, 110ms);
    }
}

TEST(load_loop, stopped_before_it_runs_or_warming_up_it_reports_nothing) {
    stage before(requests(5));
    before.loop->stop();
    EXPECT_EQ(before.run().sent, 0u);
    load_plan plan;
    plan.warm_up = 1s;
    plan.duration = 1s;
    stage on(plan);
    on.world.shard().loop.start_timer(on.state.start + 105ms, [&on] { on.loop->stop(); });
    EXPECT_EQ(on.run().sent, 0u);
    EXPECT_EQ(on.loop->tally().elapsed, 0s);
}

TEST(load_loop, a_connection_writes_to_its_streams_in_turn) {
    stage on(requests(9), {}, 1);
    const std::uint32_t second = on.ledger.add(partition_id(7)), third = on.ledger.add(partition_id(8));
    on.loop.emplace(on.world.shard(), requests(9), on.ledger);
    on.loop->add(std::make_unique<fake_lane>(on.world.shard(), on.state), {0, second, third});
    on.run();
    for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(on.state.appended[i].stream, i % 3);
}

}  // namespace
}  // namespace logstore::app::bench
