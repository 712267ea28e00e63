// What a report says of a load.
#pragma once

#include <vector>

#include "app/bench/bench_options.h"
#include "app/bench/bench_topic.h"
#include "app/bench/report.h"

namespace logstore::app::bench {

/// What was asked for, with what it came to.
std::vector<fact> load_facts(const bench_place& place, const bench_load& load, const bench_topic& topic,
                             std::uint32_t records_per_request);

/// Whether nothing failed, all that was read back is as it was written, and something was acknowledged, unless
/// the run was interrupted.
bool is_good(const load_tally& tally, const std::optional<verification>& verified, bool was_interrupted);

/// Failures by kind, connections that were lost, requests that could not be sent in time.
void say_failures(console& out, std::uint32_t connections, const load_tally& tally);

/// What reading back has found wrong.
void say_findings(console& out, const verification& found);

}  // namespace logstore::app::bench
