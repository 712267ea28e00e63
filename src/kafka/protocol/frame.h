// Frames: a length of four bytes, then as many bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace logstore::kafka {

inline constexpr std::size_t frame_prefix_bytes = 4;
/// What Kafka's brokers accept by default.
inline constexpr std::size_t default_frame_max_bytes = std::size_t(100) << 20;

/// How many bytes follow the length at the start of `buffered`; nothing while the length itself is not there
/// yet. Fails when it is negative (bad_length) or above `frame_max_bytes` (too_large): then the connection
/// cannot be kept.
result<std::optional<std::size_t>> frame_length(bytes_view buffered,
                                                std::size_t frame_max_bytes = default_frame_max_bytes);

}  // namespace logstore::kafka
