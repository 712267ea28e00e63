// DeleteRecords: everything below an offset goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kafka/protocol/api_key.h"
#include "kafka/protocol/description.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/short_list.h"
#include "model/numbers.h"

namespace logstore::kafka {

struct delete_records_request {
    static constexpr api_key api = api_key::delete_records;

    /// In place of an offset: up to the high watermark.
    static constexpr offset high_watermark{-1};

    struct partition {
        partition_id index;
        offset up_to{0};

        void describe(this auto& m, auto& io, api_version) { io(m.index, m.up_to); }
    };
    struct topic {
        std::string_view name;
        short_list<partition> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };

    short_list<topic> topics;
    std::int32_t timeout_ms = 0;

    void describe(this auto& m, auto& io, api_version) { io(m.topics, m.timeout_ms); }
};

struct delete_records_response {
    static constexpr api_key api = api_key::delete_records;

    struct partition {
        partition_id index;
        /// The log start from now on; -1 beside an error.
        offset low_watermark{-1};
        error_code error = error_code::none;

        void describe(this auto& m, auto& io, api_version) { io(m.index, m.low_watermark, m.error); }
    };
    struct topic {
        std::string name;
        short_list<partition> partitions;

        void describe(this auto& m, auto& io, api_version) { io(m.name, m.partitions); }
    };

    std::int32_t throttle_time_ms = 0;
    short_list<topic> topics;

    void describe(this auto& m, auto& io, api_version) { io(m.throttle_time_ms, m.topics); }
};

}  // namespace logstore::kafka
