// DescribeLogDirs: what partitions take on disk, and what room there is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"
#include "model/numbers.h"

namespace logstore::kafka {

struct describe_log_dirs_request {
    static constexpr api_key api = api_key::describe_log_dirs;

    struct topic {
        std::string_view name;
        std::vector<partition_id> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };

    /// Null = all.
    std::optional<std::vector<topic>> topics;

    void describe(this auto& m, auto& io, api_version) { io(m.topics); }
};

struct describe_log_dirs_response {
    static constexpr api_key api = api_key::describe_log_dirs;

    struct partition {
        partition_id index;
        std::int64_t size_bytes = 0;
        /// How far its end is behind the high watermark.
        std::int64_t offset_lag = 0;
        /// Whether it is a copy that will take the place of one in another folder.
        bool is_future = false;

        void describe(this auto& m, auto& io, api_version) {
            io(m.index, m.size_bytes, m.offset_lag, m.is_future);
        }
    };
    struct topic {
        std::string name;
        std::vector<partition> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };
    struct folder {
        error_code error = error_code::none;
        std::string path;
        std::vector<topic> topics;
        /// Of its file system; -1 = not known.
        std::int64_t total_bytes = -1;
        std::int64_t usable_bytes = -1;

        void describe(this auto& m, auto& io, api_version v) {
            io(m.error, m.path, m.topics);
            if (v >= 4) io(m.total_bytes, m.usable_bytes);
        }
    };

    std::int32_t throttle_time_ms = 0;
    error_code error = error_code::none;
    std::vector<folder> folders;

    void describe(this auto& m, auto& io, api_version v) {
        io(m.throttle_time_ms);
        if (v >= 3) io(m.error);
        io(m.folders);
    }
};

}  // namespace logstore::kafka
