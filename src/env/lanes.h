// Many pieces of work, a few at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "env/gate.h"

namespace logstore::env {

namespace detail {
template <class Function>
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
task<> run_lane(std::size_t& next, std::size_t count, Function& work_of) {
    while (next < count) co_await work_of(next++);
}
}  // namespace detail

/// Runs `work_of(index) -> task<>` for every index below `count`, at most `lanes` of them at a time, begun in order;
/// completes when all are done. One thread. What ends the sweep early is the caller's: its work then does nothing.
template <class Function>
task<> run_in_lanes(std::size_t count, std::size_t lanes, Function work_of) {
    std::size_t next = 0;
    gate together;
    for (std::size_t lane = 0; lane < std::min(count, lanes); ++lane)
        spawn(together, detail::run_lane(next, count, work_of));
    co_await together.close();
}

}  // namespace logstore::env
