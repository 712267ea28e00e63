// Several coroutines at once.
#pragma once

#include <cstddef>

#include "env/gate.h"
#include "env/task.h"

namespace logstore::resp {

/// Starts `one(0)`, `one(1)`… up to `count`, each a task<void>, and completes when all have. `one` is a plain function
/// object that calls a coroutine.
template <class Function>
env::task<void> for_all_at_once(std::size_t count, Function one) {
    env::gate all;
    for (std::size_t i = 0; i < count; ++i) env::spawn(all, one(i));
    co_await all.close();
}

}  // namespace logstore::resp
