#include "kafka/protocol/frame.h"

#include <fmt/format.h>

#include "kafka/protocol/errc.h"

namespace logstore::kafka {

result<std::optional<std::size_t>> frame_length(bytes_view buffered, std::size_t frame_max_bytes) {
    if (buffered.size() < frame_prefix_bytes) return std::nullopt;
    const auto length = load_big<std::int32_t>(buffered.data());
    if (length < 0) return fail(protocol_errc::bad_length, fmt::format("a frame of {} bytes", length));
    if (static_cast<std::size_t>(length) > frame_max_bytes) {
        return fail(protocol_errc::too_large,
                    fmt::format("a frame of {} bytes; the limit is {}", length, frame_max_bytes));
    }
    return static_cast<std::size_t>(length);
}

}  // namespace logstore::kafka
