// How the view stores the latest record of a key.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "model/numbers.h"

namespace logstore::kv {

/// A record without its key. A view of the bytes it was read from.
struct stored_record {
    offset at{-1};
    timestamp_ms timestamp = no_timestamp;
    bytes_view value;
    std::int32_t header_count = 0;
    bytes_view headers;  ///< as in the record batch

    /// Of a value in the database (docs/formats/kv-view.md); nothing when it is none.
    static std::optional<stored_record> read(bytes_view stored);
    void append_to(byte_vector& out) const;
};

}  // namespace logstore::kv
