// Leader epochs as the batches of a tablet tell them, against its checkpoint file. For tests.
#pragma once

#include <optional>
#include <string>

#include "env/testing/sim_world.h"
#include "log/epoch_checkpoint.h"
#include "model/record_batch.h"

namespace logstore {

/// Of whole batches back to back.
inline epoch_history epochs_of_batches(bytes_view batches, offset log_start) {
    epoch_history history;
    while (!batches.empty()) {
        const auto header = *read_record_batch_header(batches);
        history.note(header.epoch, header.base_offset);
        batches = batches.subspan(header.size_bytes());
    }
    history.trim_start(log_start);
    return history;
}

/// What the file says of a log that starts there; nothing when there is no whole file.
inline std::optional<epoch_history> epochs_of_file(env::sim_world& world, const std::string& directory,
                                                   offset log_start) {
    const auto bytes = world.disk().contents(directory + "/" + epoch_checkpoint_name);
    if (!bytes) return std::nullopt;
    auto history = decode_epoch_checkpoint(*bytes);
    if (!history) return std::nullopt;
    history->trim_start(log_start);
    return *history;
}

}  // namespace logstore
