// Leader epochs from the batches of a log, for one whose checkpoint file is lost.
#pragma once

#include <vector>

#include "log/epoch_history.h"
#include "log/log_context.h"
#include "log/segment_view.h"

namespace logstore {

/// Epochs never descend along a log: the first batch of each segment is read, and where an epoch begins
/// inside a segment it is searched by the segment's index, in some reads of a few blocks each. An error names
/// a segment that cannot be read. REQUIRES: no segment is sealed or removed meanwhile.
env::task<result<epoch_history>> rebuild_epochs(log_context* context, std::vector<segment_view> segments);

}  // namespace logstore
