// What a bench prints.
#pragma once

#include <string>

#include "app/closed_loop.h"

namespace logstore::app {

/// For people; the first six lines are in a form that scripts rely on.
std::string bench_report_text(const loop_tally& tally);
std::string bench_report_json(const loop_tally& tally);

}  // namespace logstore::app
