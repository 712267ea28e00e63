#include "app/bench/verifier.h"

#include <algorithm>

#include <fmt/format.h>

namespace logstore::app::bench {
namespace {

constexpr std::size_t examples_max = 10;

}  // namespace

verifier::verifier(const payload& values, const stream_ledger& ledger, expectation what)
    : values_(values), ledger_(ledger), expected_(what), streams_(ledger.streams().size()) {}

void verifier::see(partition_id in, offset at, std::optional<bytes_view> value) {
    const auto mark = value ? read_mark(*value) : std::nullopt;
    if (!mark || mark->run != expected_.run) return not_ours(in, at);
    const bool was_sent = mark->stream < streams_.size() &&
                          mark->sequence < ledger_.streams()[mark->stream].sent &&
                          ledger_.streams()[mark->stream].partition == in;
    if (!was_sent) {
        ++found_.changed;
        return note(fmt::format("partition {}, offset {}: record {} of stream {}, which was not sent there",
                                in, at, mark->sequence, mark->stream));
    }
    if (!values_.is_intact(*value, *mark)) {
        ++found_.changed;
        note(fmt::format("partition {}, offset {}: record {} of stream {} has other bytes", in, at,
                         mark->sequence, mark->stream));
    }
    place(streams_[mark->stream], *mark, in, at);
}

void verifier::not_ours(partition_id in, offset at) {
    ++found_.foreign;
    if (!expected_.is_alone) return;
    ++found_.changed;
    note(fmt::format("partition {}, offset {}: a record that nobody wrote", in, at));
}

void verifier::place(seen_stream& stream, const record_mark& mark, partition_id in, offset at) {
    if (mark.sequence >= stream.next) {
        skip(stream, mark.sequence);
        stream.next = mark.sequence + 1;
        ++found_.found;
    } else if (take_missing(stream, mark.sequence)) {
        ++found_.found;
        ++found_.out_of_order;
        note(fmt::format("partition {}, offset {}: record {} of stream {} comes after record {}", in, at,
                         mark.sequence, mark.stream, stream.next - 1));
    } else {
        ++found_.doubled;
        note(fmt::format("partition {}, offset {}: record {} of stream {} is there again", in, at,
                         mark.sequence, mark.stream));
    }
}

void verifier::skip(seen_stream& stream, std::uint64_t to) {
    if (to == stream.next) return;
    if (ranges_ == ranges_max) {
        found_.is_inexact = true;
        found_.lost += to - stream.next;
        return;
    }
    ++ranges_;
    stream.missing.push_back({stream.next, to});
}

bool verifier::take_missing(seen_stream& stream, std::uint64_t sequence) {
    const auto behind = std::ranges::upper_bound(stream.missing, sequence, {}, &sequence_range::from);
    if (behind == stream.missing.begin()) return false;
    const auto range = std::prev(behind);
    if (sequence >= range->to) return false;
    const sequence_range after{sequence + 1, range->to};
    range->to = sequence;
    const bool is_before_empty = range->count() == 0;
    if (is_before_empty && after.count() == 0)
        stream.missing.erase(range);
    else if (is_before_empty)
        *range = after;
    else if (after.count() > 0)
        stream.missing.insert(behind, after);
    return true;
}

verification verifier::finish() {
    for (std::uint32_t i = 0; i < streams_.size(); ++i) {
        const stream_ledger::stream& sent = ledger_.streams()[i];
        found_.acknowledged += sent.sent;
        if (streams_[i].next < sent.sent) streams_[i].missing.push_back({streams_[i].next, sent.sent});
        judge(sent, streams_[i], i);
    }
    found_.acknowledged -= ledger_.unacknowledged();
    found_.is_inexact |= ledger_.is_overfull();
    return std::move(found_);
}

/// Both lists are in rising order: what is missing and was not acknowledged is no loss.
void verifier::judge(const stream_ledger::stream& sent, const seen_stream& seen, std::uint32_t number) {
    std::uint64_t unacknowledged = 0, excused = 0;
    for (const sequence_range& one : sent.unacknowledged) unacknowledged += one.count();
    auto excuse = sent.unacknowledged.begin();
    for (const sequence_range& gap : seen.missing) {
        std::uint64_t excused_here = 0;
        while (excuse != sent.unacknowledged.end() && excuse->to <= gap.from) ++excuse;
        for (auto one = excuse; one != sent.unacknowledged.end() && one->from < gap.to; ++one)
            excused_here += std::min(one->to, gap.to) - std::max(one->from, gap.from);
        excused += excused_here;
        const std::uint64_t lost = gap.count() - excused_here;
        found_.lost += lost;
        if (lost > 0)
            note(fmt::format(
                "partition {}: {} acknowledged records of stream {} are missing, from record {} on",
                sent.partition, lost, number, gap.from));
    }
    found_.unacknowledged_found += unacknowledged - excused;
}

void verifier::note(std::string example) {
    if (found_.examples.size() < examples_max) found_.examples.push_back(std::move(example));
}

}  // namespace logstore::app::bench
