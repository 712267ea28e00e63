// A snapshot as text for Prometheus. docs/metrics.md says what each figure means.
#pragma once

#include <string>

#include "app/metrics_snapshot.h"
#include "app/prometheus_text.h"

namespace logstore::app {

/// The whole exposition. The number of its lines depends on the shards and on this program's tables, never on what
/// clients name.
std::string render_metrics(const metrics_snapshot& of);

// Its parts.
void render_process(prometheus_text& text, const metrics_snapshot& of);
void render_storage(prometheus_text& text, const metrics_snapshot& of);
void render_doors(prometheus_text& text, const metrics_snapshot& of);

}  // namespace logstore::app
