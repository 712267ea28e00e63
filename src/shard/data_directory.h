// Who a data directory belongs to. docs/formats/store-identity.md.
#pragma once

#include <memory>
#include <string>

#include "env/environment.h"

namespace logstore {

struct directory_identity {
    /// Made at the first start, never changed.
    std::string store_id;
};

/// A data directory of this process, for as long as it lives.
struct owned_directory {
    directory_identity identity;
    std::unique_ptr<env::directory_lock> lock;
};

/// Takes a data directory for this process, or makes one where nothing is yet. Refuses, with a sentence that
/// says what to do: a folder that holds something else (log_errc::foreign_directory), a newer format
/// (newer_format), damage (corrupt), one that another process uses (in_use), and whatever the system refuses,
/// by its code. What is somebody else's is only looked at: nothing is made, locked or changed there. When
/// this completes, the folder and its identity are durable.
env::task<result<owned_directory>> open_data_directory(env::environment world, std::string folder);

/// Whether a store, of whatever version, lives in that folder. Changes nothing.
env::task<result<bool>> is_data_directory(env::environment world, std::string folder);

/// What to do about a data directory where something cannot be written.
error cannot_write_to(const std::string& folder, const error& why);

byte_vector encode_directory_identity(const directory_identity& identity);
result<directory_identity> decode_directory_identity(bytes_view from);

}  // namespace logstore
