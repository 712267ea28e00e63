// Looking through batches that lie in pieces.
#pragma once

#include <vector>

#include "env/stream.h"
#include "model/record_batch.h"

namespace logstore::kafka {

/// Whether a batch among `pieces`, which are whole batches back to back wherever the pieces begin, is
/// compressed with `codec`.
bool holds_codec(const std::vector<env::shared_bytes>& pieces, compression_codec codec);

}  // namespace logstore::kafka
