// Runs a test's coroutine in the real world: one executor, real sockets.
#pragma once

#include "env/gate.h"
#include "env/host.h"

namespace logstore::kafka::testing {

/// `body(env::environment)` makes a task<void>; returns when it has completed. The body and what it captures
/// by reference outlive the coroutine, so a capturing lambda that calls a plain coroutine function is fine.
template <class Body>
void run_on_host(Body body) {
    env::host_options options;
    options.disk = env::disk_backend::threads;
    auto made = env::host::make(options);
    CHECK(made, "{}", made.error().message());
    env::host& host = **made;
    env::gate inside;
    host.shard(0).loop.post([&] {
        env::spawn(inside, [](env::host* on, Body* run) -> env::task<void> {
            co_await (*run)(on->shard(0));
            on->stop();
        }(&host, &body));
    });
    host.run();
    CHECK(inside.inside() == 0, "the test's coroutine did not end");
}

}  // namespace logstore::kafka::testing

/// ASSERT_TRUE and ASSERT_FALSE of a coroutine: they leave with co_return.
#define CO_ASSERT_TRUE(condition)            \
    do {                                     \
        const bool co_holds = !!(condition); \
        EXPECT_TRUE(co_holds) << #condition; \
        if (!co_holds) co_return;            \
    } while (false)
#define CO_ASSERT_FALSE(condition) CO_ASSERT_TRUE(!(condition))
