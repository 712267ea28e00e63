// Whether a topic holds what a run wrote to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/bench/payload.h"
#include "app/bench/stream_ledger.h"
#include "model/numbers.h"

namespace logstore::app::bench {

/// What reading everything back has shown; counts of records. Plain value.
struct verification {
    std::uint64_t acknowledged = 0;
    /// Records of this run, each once.
    std::uint64_t found = 0;
    /// Acknowledged, and not there.
    std::uint64_t lost = 0;
    /// There again.
    std::uint64_t doubled = 0;
    /// With bytes that were not written.
    std::uint64_t changed = 0;
    /// Behind a later one of their stream.
    std::uint64_t out_of_order = 0;
    /// Not acknowledged, and there: their outcome was unknown.
    std::uint64_t unacknowledged_found = 0;
    /// Of others: the topic was there before, or somebody else writes to it.
    std::uint64_t foreign = 0;
    /// More went wrong than can be kept in mind: `lost` may be too high.
    bool is_inexact = false;
    /// Why not everything could be read; empty = all was.
    std::string unread;
    /// Of what is wrong, in words; a few.
    std::vector<std::string> examples;

    bool is_clean() const {
        return lost == 0 && doubled == 0 && changed == 0 && out_of_order == 0 && unread.empty();
    }
};

/// Is shown every record of a topic, each partition's in its order, and compares. One thread. Memory: an
/// entry a stream, and one for each run of records that is missing so far; ranges_max of those in all.
class verifier {
  public:
    struct expectation {
        std::uint32_t run = 0;
        /// Nobody else writes to the topic: a record that is not of the run is one of it that was changed.
        bool is_alone = true;
    };
    static constexpr std::size_t ranges_max = std::size_t(1) << 20;

    /// Both outlive it; the ledger is complete.
    verifier(const payload& values, const stream_ledger& ledger, expectation what);

    void see(partition_id in, offset at, std::optional<bytes_view> value);
    /// Once, at the end.
    verification finish();

  private:
    struct seen_stream {
        std::uint64_t next = 0;
        /// Below next, in rising order.
        std::vector<sequence_range> missing;
    };

    void not_ours(partition_id in, offset at);
    void place(seen_stream& stream, const record_mark& mark, partition_id in, offset at);
    void skip(seen_stream& stream, std::uint64_t to);
    static bool take_missing(seen_stream& stream, std::uint64_t sequence);
    void judge(const stream_ledger::stream& sent, const seen_stream& seen, std::uint32_t number);
    void note(std::string example);

    const payload& values_;
    const stream_ledger& ledger_;
    const expectation expected_;
    std::vector<seen_stream> streams_;
    std::size_t ranges_ = 0;
    verification found_;
};

}  // namespace logstore::app::bench
