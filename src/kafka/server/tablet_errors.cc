#include "kafka/server/tablet_errors.h"

#include "base/check.h"

namespace logstore::kafka {

// What a code says about persistence matters to producers (idempotent ones above all): each of these is sent
// only when nothing was written. Of the retriable ones, 56 and 6 also make the client look for another
// leader.
error_code produce_error(tablet_errc code) {
    switch (code) {
        case tablet_errc::unknown_tablet: return error_code::unknown_topic_or_partition;
        case tablet_errc::corrupt_batch: return error_code::corrupt_message;
        case tablet_errc::batch_too_large: return error_code::message_too_large;
        case tablet_errc::invalid_batch: return error_code::invalid_record;
        case tablet_errc::storage_unavailable:
        case tablet_errc::storage_error: return error_code::kafka_storage_error;
        // The broker goes away and comes back, or another takes over.
        case tablet_errc::stopping:
        case tablet_errc::fenced_leader_epoch:
        case tablet_errc::unknown_leader_epoch: return error_code::not_leader_or_follower;
        case tablet_errc::offset_out_of_range: return error_code::unknown_server_error;
        // Of reads and writes by key only.
        case tablet_errc::no_view:
        case tablet_errc::view_building:
        case tablet_errc::too_large:
        case tablet_errc::ok:
        case tablet_errc::outcome_unknown: break;
    }
    CHECK(false, "tablet error {} has no Kafka code", static_cast<int>(code));
}

error_code log_start_error(tablet_errc code) {
    // Says that it may have happened.
    return code == tablet_errc::outcome_unknown ? error_code::request_timed_out : read_error(code);
}

error_code read_error(tablet_errc code) {
    switch (code) {
        case tablet_errc::ok: return error_code::none;
        case tablet_errc::unknown_tablet: return error_code::unknown_topic_or_partition;
        case tablet_errc::offset_out_of_range: return error_code::offset_out_of_range;
        case tablet_errc::fenced_leader_epoch: return error_code::fenced_leader_epoch;
        case tablet_errc::unknown_leader_epoch: return error_code::unknown_leader_epoch;
        case tablet_errc::storage_unavailable:
        case tablet_errc::storage_error: return error_code::kafka_storage_error;
        case tablet_errc::stopping: return error_code::not_leader_or_follower;
        case tablet_errc::corrupt_batch:
        case tablet_errc::batch_too_large:
        case tablet_errc::invalid_batch:
        case tablet_errc::no_view:
        case tablet_errc::view_building:
        case tablet_errc::too_large:
        case tablet_errc::outcome_unknown: break;
    }
    return error_code::unknown_server_error;
}

}  // namespace logstore::kafka
