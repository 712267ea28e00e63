// The segment files of a simulated store, without its help. For tests.
#pragma once

#include <string>
#include <vector>

#include "env/testing/sim_world.h"
#include "log/segment_files.h"
#include "model/record_batch.h"

namespace logstore {

/// Paths of all `.log` files that are there; the names of removed ones may survive a power cut for a while.
inline std::vector<std::string> stored_segments(env::sim_world& world, const std::string& logs = "/data/logs") {
    std::vector<std::string> paths;
    for (const std::string& directory : world.disk().durable_names(logs))
        for (const std::string& name : world.disk().durable_names(logs + "/" + directory)) {
            const std::string path = logs + "/" + directory + "/" + name;
            if (parse_segment_name(name) && world.disk().contents(path)) paths.push_back(path);
        }
    return paths;
}

/// Batches back to back and nothing behind them, also after a power cut.
inline bool holds_whole_batches(env::sim_world& world, const std::string& path) {
    const auto content = world.disk().durable_contents(path);
    if (!content || content != world.disk().contents(path)) return false;
    for (bytes_view rest = *content; !rest.empty();) {
        const auto header = read_record_batch_header(rest);
        if (!header || !record_batch_crc_holds(*header, rest)) return false;
        rest = rest.subspan(header->size_bytes());
    }
    return true;
}

}  // namespace logstore
