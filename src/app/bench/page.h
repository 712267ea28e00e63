// The report of a bench as one page that needs nothing else: no script, no other file.
#pragma once

#include <string>

#include "app/bench/report.h"

namespace logstore::app::bench {

/// HTML, light or dark as the reader has it, for a screen of any width and for paper.
std::string report_page(const bench_report& report);

}  // namespace logstore::app::bench
