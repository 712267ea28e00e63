// What the clients of a simulated store were told, against what it holds. For tests.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "log/testing/test_batch.h"
#include "shard/append_call.h"

namespace logstore {

/// Every batch that was ever sent, each unlike all others, and what is known of it. The rules: what was
/// acknowledged is there at the offset that was told; what was once read stays; what was answered "not
/// written" never shows; an outcome that nobody knows is decided by the next restart for good; offsets have
/// no gaps; nothing is there twice; the log start never goes back.
class record_ledger {
  public:
    using number = std::int64_t;

    /// A batch to send. Its number is its timestamp.
    byte_vector make_batch(tablet_id to, std::size_t bytes) {
        const number which = static_cast<number>(sent_.size()) + 1;
        byte_vector batch =
            make_test_batch(bytes, 1 + static_cast<std::int32_t>(which % 3), which, fill_of(which));
        sent_.push_back({to, batch, outcome::unknown, {}});
        return batch;
    }
    static number number_of(bytes_view batch) {
        return read_record_batch_header(batch)->base_timestamp.value();
    }

    void note(number which, const append_outcome& told) {
        sent_batch& batch = at(which);
        if (told.code == tablet_errc::ok) {
            batch.what = outcome::there;
            batch.at = told.base_offset;
            ++acknowledged_;
        } else if (told.code != tablet_errc::outcome_unknown && told.code != tablet_errc::unknown_tablet) {
            // unknown_tablet is also what a deletion says of batches that it overtook.
            batch.what = outcome::not_there;
            ++refused_;
        }
    }
    /// Its topic was deleted: nothing of it may be read again.
    void note_deleted(topic_id topic) {
        for (sent_batch& batch : sent_)
            if (batch.to.topic == topic) batch.what = outcome::not_there;
    }

    /// It was told that the log begins there: it never begins before it again.
    void note_log_start(tablet_id tablet, offset told) {
        std::int64_t& known = log_starts_[tablet];
        known = std::max(known, told.value());
    }

    /// Compares everything readable of a tablet; a sentence when it breaks a rule. `is_final`: no append is
    /// under way and the store was started anew, so whatever is not there now is not there for ever.
    std::string compare(tablet_id tablet, offset log_start, bytes_view bytes, bool is_final) {
        std::int64_t& known_start = log_starts_[tablet];
        if (log_start.value() < known_start)
            return fmt::format("the log start went back from {} to {}", known_start, log_start);
        known_start = log_start.value();
        std::set<number> found;
        std::optional<std::int64_t> next;
        while (!bytes.empty()) {
            const auto header = read_record_batch_header(bytes);
            if (!header || !record_batch_crc_holds(*header, bytes)) return "what is read is no batch";
            std::string finding = compare_batch(tablet, *header, bytes.first(header->size_bytes()));
            const bool is_first = !next;
            const bool follows = is_first
                                     ? header->base_offset <= log_start && header->last_offset() >= log_start
                                     : header->base_offset.value() == *next;
            if (finding.empty() && !follows)
                finding = fmt::format("it comes after offset {}", is_first ? log_start.value() : *next);
            if (finding.empty() && !found.insert(header->base_timestamp.value()).second)
                finding = "it is there twice";
            if (!finding.empty())
                return fmt::format("batch {} at offset {}: {}", header->base_timestamp, header->base_offset,
                                   finding);
            next = header->next().value();
            bytes = bytes.subspan(header->size_bytes());
        }
        return compare_missing(tablet, log_start, found, is_final);
    }

    std::uint64_t acknowledged() const { return acknowledged_; }
    std::uint64_t refused() const { return refused_; }
    std::uint64_t unknown() const {
        return static_cast<std::uint64_t>(
            std::ranges::count(sent_, outcome::unknown, [](const sent_batch& batch) { return batch.what; }));
    }

  private:
    enum class outcome { unknown, there, not_there };
    struct sent_batch {
        tablet_id to;
        byte_vector bytes;
        outcome what;
        offset at;
    };

    static std::uint8_t fill_of(number which) { return static_cast<std::uint8_t>(which * 37 + 11); }
    sent_batch& at(number which) { return sent_.at(static_cast<std::size_t>(which - 1)); }

    std::string compare_batch(tablet_id tablet, const record_batch_header& header, bytes_view bytes) {
        const number which = header.base_timestamp.value();
        if (which < 1 || which > static_cast<number>(sent_.size())) return "nobody sent it";
        sent_batch& batch = at(which);
        byte_vector expected = batch.bytes;
        assign_record_batch(expected.data(), header.base_offset, header.epoch);
        if (!std::ranges::equal(expected, bytes)) return "its bytes are not those that were sent";
        if (batch.to != tablet) return "it was sent to another tablet";
        if (batch.what == outcome::not_there)
            return "it was said not to be written, or was not there after a restart";
        if (batch.what == outcome::there && batch.at != header.base_offset)
            return fmt::format("it was at offset {}", batch.at);
        batch.what = outcome::there;
        batch.at = header.base_offset;
        return {};
    }

    std::string compare_missing(tablet_id tablet, offset log_start, const std::set<number>& found,
                                bool is_final) {
        for (sent_batch& batch : sent_) {
            if (batch.to != tablet || found.contains(number_of(batch.bytes))) continue;
            const auto header = *read_record_batch_header(batch.bytes);
            const bool is_gone = batch.at + header.last_offset_delta < log_start;
            if (batch.what == outcome::there && !is_gone)
                return fmt::format("batch {} at offset {} is lost", number_of(batch.bytes), batch.at);
            if (batch.what == outcome::unknown && is_final) batch.what = outcome::not_there;
        }
        return {};
    }

    std::vector<sent_batch> sent_;
    std::map<tablet_id, std::int64_t> log_starts_;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace logstore
