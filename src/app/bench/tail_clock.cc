#include "app/bench/tail_clock.h"

#include <utility>

namespace logstore::app::bench {

void tail_clock::on_sent(const append_order& what, env::monotonic_time due, bool is_measured) {
    if (streams_.size() <= what.stream) streams_.resize(what.stream + 1);
    stream& of = streams_[what.stream];
    if (of.entries.empty()) of.first = what.first_sequence;
    if (entries_ == entries_max && !of.entries.empty()) {
        // It counts as missing, if it was acknowledged, for good.
        of.entries.pop_front();
        ++of.first;
        --entries_;
    }
    ++entries_;
    of.entries.push_back({due, {}, {}, is_measured, false});
    if (is_measured && !std::exchange(has_begun_, true)) series_.begin(due);
}

tail_clock::entry* tail_clock::find(std::uint32_t of, std::uint64_t sequence) {
    if (of >= streams_.size()) return nullptr;
    stream& in = streams_[of];
    if (sequence < in.first || sequence - in.first >= in.entries.size()) return nullptr;
    return &in.entries[sequence - in.first];
}

void tail_clock::on_acknowledged(const append_order& what, env::monotonic_time now) {
    entry* one = find(what.stream, what.first_sequence);
    if (one == nullptr) return;
    one->acknowledged_at = now;
    if (!one->received_at) ++missing_;
    settle(streams_[what.stream], *one);
}

void tail_clock::on_failed(const append_order& what) {
    entry* one = find(what.stream, what.first_sequence);
    if (one == nullptr) return;
    one->is_over = true;
    drop_settled(streams_[what.stream]);
}

void tail_clock::on_received(bytes_view value, env::monotonic_time now) {
    const auto mark = read_mark(value);
    if (!mark || mark->run != run_) return;
    entry* one = find(mark->stream, mark->sequence);
    if (one == nullptr || one->received_at) return;
    one->received_at = now;
    if (one->acknowledged_at) --missing_;
    if (one->is_measured) {
        sent_to_received_.record(now - one->due);
        series_.add(now, now - one->due, 1, value_bytes_);
    }
    settle(streams_[mark->stream], *one);
}

void tail_clock::settle(stream& of, entry& one) {
    if (!one.acknowledged_at || !one.received_at) return;
    one.is_over = true;
    if (one.is_measured)
        acknowledged_to_received_.record(std::max(*one.received_at - *one.acknowledged_at, env::duration(0)));
    drop_settled(of);
}

void tail_clock::drop_settled(stream& of) {
    while (!of.entries.empty() && of.entries.front().is_over) {
        of.entries.pop_front();
        ++of.first;
        --entries_;
    }
}

time_series tail_clock::finish(env::monotonic_time now) {
    if (has_begun_) series_.finish(now);
    return std::move(series_);
}

}  // namespace logstore::app::bench
