// The report of a bench for people.
#pragma once

#include <string>

#include "app/bench/bench_options.h"
#include "app/bench/load_tally.h"
#include "app/bench/verifier.h"

namespace logstore::app::bench {

/// One number a line; scripts read the first six.
std::string latency_text(const bench_load& asked, const load_tally& tally);
std::string throughput_text(const bench_load& asked, const load_tally& tally);

/// "Sent to received, ms: average 1.23, p50 …"
std::string latencies_text(std::string_view of, const latency_histogram& latencies);
std::string verification_text(const verification& found);

/// "Closed loop: …": what the latencies of such a loop say and what they leave out.
std::string loop_text(const bench_load& asked);

/// "1,234,567".
std::string with_commas(std::uint64_t count);
/// The nearest whole number.
std::string with_commas(double rate);

}  // namespace logstore::app::bench
