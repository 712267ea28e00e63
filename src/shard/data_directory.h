// Who a data directory belongs to. docs/formats/store-identity.md.
#pragma once

#include <string>

#include "env/environment.h"

namespace logstore {

struct directory_identity {
    /// Made at the first start, never changed.
    std::string store_id;
};

/// Reads `<folder>/store.identity`, or makes it in an empty folder. Refuses, with a sentence that says what to do: a folder
/// that holds something else (log_errc::foreign_directory), a newer format (newer_format), damage (corrupt).
env::task<result<directory_identity>> open_data_directory(env::environment world, std::string folder);

byte_vector encode_directory_identity(const directory_identity& identity);
result<directory_identity> decode_directory_identity(bytes_view from);

}  // namespace logstore
