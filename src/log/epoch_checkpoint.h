// The file `leader-epoch-checkpoint` of a tablet's directory. docs/formats/leader-epoch-checkpoint.md.
#pragma once

#include <string>

#include "env/file.h"
#include "log/epoch_history.h"

namespace logstore {

inline constexpr const char* epoch_checkpoint_name = "leader-epoch-checkpoint";

byte_vector encode_epoch_checkpoint(const epoch_history& history);
/// Total; corrupt, truncated or newer_format. Never more than the bytes account for.
result<epoch_history> decode_epoch_checkpoint(bytes_view from);

env::task<result<epoch_history>> read_epoch_checkpoint(env::file_system* files, std::string directory);
/// Whole or not at all, durable when it completes.
env::task<result<>> write_epoch_checkpoint(env::file_system* files, std::string directory,
                                           epoch_history history);
/// Durably away: what is missing is made again from the batches. No harm when it is not there.
env::task<result<>> remove_epoch_checkpoint(env::file_system* files, std::string directory);

/// For recovery, of a log with batches in [log_start, log_end): adds what the journal told of epochs to the
/// file, before the journal is obsolete. Where there is no file none is made: the batches say the same. A
/// file that cannot be completed so, or written for lack of room, is none afterwards. Writes only what
/// changes.
env::task<result<>> complete_epoch_checkpoint(env::file_system* files, std::string directory,
                                              epoch_history from_journal, offset log_start,
                                              next_offset log_end);

}  // namespace logstore
