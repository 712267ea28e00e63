// Images of settled blocks that a recovery is about to write again. docs/formats/recovery-points.md has the bytes.
#pragma once

#include <string>
#include <vector>

#include "env/environment.h"
#include "model/numbers.h"
#include "model/topic_partition.h"

namespace logstore {

/// Bytes of one segment from a block's start to where its durable, padded end was.
struct block_image {
    tablet_id tablet;
    offset segment_base{0};
    std::uint64_t position = 0;
    byte_vector bytes;  ///< less than a block
};

/// REQUIRES: each image is less than a block.
byte_vector encode_block_images(const std::vector<block_image>& images);
/// Total; corrupt, truncated or newer_format.
result<std::vector<block_image>> decode_block_images(bytes_view from);
env::task<result<std::vector<block_image>>> read_block_images(env::file_system* files, std::string path);

}  // namespace logstore
