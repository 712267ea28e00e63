// Names and small files of a tablet's directory. docs/formats/segment.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "env/file.h"
#include "log/offset_index.h"
#include "log/shared_directory_flush.h"
#include "model/topic_partition.h"

namespace logstore {

/// `<topic>-<partition>`.
std::string tablet_directory_name(const std::string& topic, partition_id partition);
/// The reverse; nothing for names that are not of this form.
std::optional<topic_partition> parse_tablet_directory_name(std::string_view name);

/// `<directory>/<base offset, 20 digits>.<ending>`; ending is "log", "index", "timeindex" or "seal".
std::string segment_path(const std::string& directory, offset base, std::string_view ending);
/// The base offset of a `.log` file name.
std::optional<offset> parse_segment_name(std::string_view name);

/// Makes the directory with its partition.metadata, durable with its name. No harm when it is there already; a directory of
/// another topic id is log_errc::foreign_directory.
/// `names` flushes the folder that holds it.
env::task<result<>> make_tablet_directory(env::file_system* files, shared_directory_flush* names, std::string directory,
                                          tablet_id id);
/// The topic id in a directory's partition.metadata.
env::task<result<topic_id>> read_partition_metadata(env::file_system* files, std::string directory);

/// What a sealed segment says of itself beside Kafka's files: lengths, the largest timestamp, checksums of the indexes.
struct segment_seal {
    std::uint64_t segment_bytes = 0;
    next_offset next{0};
    timestamp_ms max_timestamp = no_timestamp;
    offset max_timestamp_offset{-1};
    std::uint32_t offsets_checksum = 0;
    std::uint32_t times_checksum = 0;
};
byte_vector encode_segment_seal(const segment_seal& seal);
result<segment_seal> decode_segment_seal(bytes_view from);

/// Writes `.index`, `.timeindex` and `.seal`. Not flushed: they are checked when read and rebuilt when they do not hold.
env::task<result<>> write_segment_index(env::file_system* files, std::string directory, offset base, std::uint64_t segment_bytes,
                                        next_offset next, const offset_index* index);

struct sealed_index {
    segment_seal seal;
    offset_index index;
};
/// log_errc::corrupt or not_found when they must be rebuilt.
env::task<result<sealed_index>> read_segment_index(env::file_system* files, std::string directory, offset base);
env::task<result<segment_seal>> read_segment_seal(env::file_system* files, std::string directory, offset base);

}  // namespace logstore
