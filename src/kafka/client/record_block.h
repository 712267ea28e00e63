// The records of one fetched batch, ready to be read.
#pragma once

#include <memory>

#include "base/check.h"
#include "env/stream.h"
#include "kafka/protocol/record.h"
#include "model/topic_partition.h"

namespace logstore::kafka {

/// One record as a consumer sees it. A view of its block.
struct consumed_record {
    logstore::offset offset;
    timestamp_ms timestamp;
    std::optional<bytes_view> key;
    std::optional<bytes_view> value;
    record_headers headers;
};

/// Owns what its records view: the fetched bytes, or what they were before compression. Movable value.
class record_block {
  public:
    /// The batch at the start of `bytes`, which lies in `owner`; records below `from` are left out. Fails
    /// with corrupt_message (broker_error.h) where the CRC does not hold or a record cannot be read, and
    /// where there would be more than `decompressed_bytes_max`. REQUIRES: a whole batch.
    static result<record_block> read(std::shared_ptr<const topic_partition> of, bytes_view bytes,
                                     std::shared_ptr<const void> owner, offset from,
                                     std::size_t decompressed_bytes_max);

    const topic_partition& from() const { return *of_; }
    const record_batch_header& header() const { return header_; }
    /// The first offset behind the batch: where reading goes on.
    next_offset next() const { return header_.next(); }
    bool is_compressed() const { return header_.codec_number() != 0; }

    /// Calls `visit(const consumed_record&)` for each record, in order; a visit that answers false is the
    /// last one.
    template <class Visit>
    void for_each(Visit visit) const {
        if (header_.is_control()) return;
        record_reader reader(records_, header_.record_count);
        while (true) {
            const auto one = reader.next();
            CHECK(one, "the records were read before");
            if (!*one) return;
            const consumed_record seen{record_offset(header_, **one), record_timestamp(header_, **one),
                                       (*one)->key, (*one)->value, (*one)->headers};
            if (seen.offset < from_) continue;
            if (!visit(seen)) return;
        }
    }

  private:
    std::shared_ptr<const topic_partition> of_;
    record_batch_header header_;
    offset from_;
    std::shared_ptr<const void> owner_;
    bytes_view records_;
};

}  // namespace logstore::kafka
