// Why a tablet refuses. One code only where some caller acts on it; kafka/server maps them to Kafka's codes.
#pragma once

#include <cstdint>
#include <system_error>

namespace logstore {

enum class tablet_errc : std::uint8_t {
    ok = 0,
    /// This shard set knows no such tablet (never made, or deleted).
    unknown_tablet,
    /// The offset is below the log start or above the high watermark.
    offset_out_of_range,
    /// The caller's leader epoch is older than this tablet's.
    fenced_leader_epoch,
    /// The caller's leader epoch is newer than this tablet's.
    unknown_leader_epoch,
    /// The batch's CRC or framing does not hold. Nothing was written.
    corrupt_batch,
    /// The batch is larger than the topic's max.message.bytes. Nothing was written.
    batch_too_large,
    /// The batch breaks a rule for what clients may send. Nothing was written.
    invalid_batch,
    /// No room on disk, or the tablet's storage is being moved. Nothing was written; worth a retry.
    storage_unavailable,
    /// The stored bytes are damaged, or reading them failed.
    storage_error,
    /// The topic keeps no key view (kv.enabled).
    no_view,
    /// The key view is being built, or behind. Nothing was written; worth a retry.
    view_building,
    /// A key or an answer is above its limit. Nothing was written.
    too_large,
    /// The broker is stopping. Nothing was written.
    stopping,
    /// The outcome is not known: the bytes may be on disk or not. The caller must not claim either.
    outcome_unknown,
};

const std::error_category& tablet_category();
inline std::error_code make_error_code(tablet_errc code) { return {static_cast<int>(code), tablet_category()}; }

}  // namespace logstore

template <>
struct std::is_error_code_enum<logstore::tablet_errc> : std::true_type {};
