#include "log/offset_index.h"

#include <algorithm>

#include "base/check.h"
#include "log/log_errc.h"

namespace logstore {
namespace {
constexpr std::size_t entry_bytes = 8;
constexpr std::size_t time_entry_bytes = 12;
}  // namespace

void offset_index::add_batch(offset last_offset, std::uint64_t position, std::size_t batch_bytes,
                             timestamp_ms batch_max_timestamp) {
    if (batch_max_timestamp > max_timestamp_) {
        max_timestamp_ = batch_max_timestamp;
        max_timestamp_offset_ = last_offset;
    }
    if (bytes_since_entry_ >= index_interval_bytes) {
        entries_.push_back({static_cast<std::int32_t>(last_offset - base_), static_cast<std::uint32_t>(position)});
        if (max_timestamp_ != no_timestamp && (times_.empty() || times_.back().timestamp < max_timestamp_.value()))
            times_.push_back({max_timestamp_.value(), static_cast<std::int32_t>(max_timestamp_offset_ - base_)});
        bytes_since_entry_ = 0;
    }
    bytes_since_entry_ += batch_bytes;
}

std::uint64_t offset_index::position_before(offset wanted) const {
    const std::int64_t relative = wanted - base_;
    // The entry names the batch's last offset: a smaller or equal one lies at or before the wanted batch.
    auto after = std::ranges::upper_bound(entries_, relative, {}, [](const entry& e) { return std::int64_t(e.relative_offset); });
    return after == entries_.begin() ? start_ : std::prev(after)->position;
}

std::uint64_t offset_index::position_before(timestamp_ms wanted) const {
    auto at = std::ranges::lower_bound(times_, wanted.value(), {}, &time_entry::timestamp);
    if (at == times_.begin()) return start_;
    // Up to that entry's offset every timestamp is smaller than the wanted one.
    return position_before(base_ + std::prev(at)->relative_offset);
}

std::uint64_t offset_index::batch_start_before(std::uint64_t position) const {
    auto after = std::ranges::upper_bound(entries_, position, {}, [](const entry& e) { return std::uint64_t(e.position); });
    return after == entries_.begin() ? start_ : std::prev(after)->position;
}

void offset_index::extend(const offset_index& later) {
    CHECK(base_ == later.base_);
    entries_.insert(entries_.end(), later.entries_.begin(), later.entries_.end());
    for (const time_entry& time : later.times_)
        if (time.timestamp > max_timestamp_.value()) times_.push_back(time);
    if (later.max_timestamp_ > max_timestamp_) {
        max_timestamp_ = later.max_timestamp_;
        max_timestamp_offset_ = later.max_timestamp_offset_;
    }
    bytes_since_entry_ = later.bytes_since_entry_;
}

void offset_index::truncate(std::uint64_t position) {
    while (!entries_.empty() && entries_.back().position >= position) entries_.pop_back();
    const std::int32_t last = entries_.empty() ? -1 : entries_.back().relative_offset;
    while (!times_.empty() && times_.back().relative_offset > last) times_.pop_back();
    max_timestamp_ = times_.empty() ? no_timestamp : timestamp_ms(times_.back().timestamp);
    max_timestamp_offset_ = times_.empty() ? offset(-1) : base_ + times_.back().relative_offset;
    bytes_since_entry_ = index_interval_bytes;
}

byte_vector offset_index::encode_offsets() const {
    byte_vector out(entries_.size() * entry_bytes);
    std::byte* p = out.data();
    for (const entry& e : entries_) {
        store_big(p, e.relative_offset);
        store_big(p + 4, e.position);
        p += entry_bytes;
    }
    return out;
}

byte_vector offset_index::encode_times() const {
    std::vector<time_entry> times = times_;
    // Kafka ends a sealed segment's time index with its largest timestamp.
    if (max_timestamp_ != no_timestamp && (times.empty() || times.back().timestamp < max_timestamp_.value()))
        times.push_back({max_timestamp_.value(), static_cast<std::int32_t>(max_timestamp_offset_ - base_)});
    byte_vector out(times.size() * time_entry_bytes);
    std::byte* p = out.data();
    for (const time_entry& t : times) {
        store_big(p, t.timestamp);
        store_big(p + 8, t.relative_offset);
        p += time_entry_bytes;
    }
    return out;
}

result<offset_index> offset_index::decode(offset segment_base, bytes_view offsets, bytes_view times,
                                          std::uint64_t segment_bytes) {
    if (offsets.size() % entry_bytes != 0 || times.size() % time_entry_bytes != 0) return fail(log_errc::corrupt);
    offset_index index(segment_base);
    index.entries_.reserve(offsets.size() / entry_bytes);
    for (; !offsets.empty(); offsets = offsets.subspan(entry_bytes)) {
        const entry e{load_big<std::int32_t>(offsets.data()), load_big<std::uint32_t>(offsets.data() + 4)};
        const bool in_order = index.entries_.empty() || (e.relative_offset > index.entries_.back().relative_offset &&
                                                         e.position > index.entries_.back().position);
        if (!in_order || e.relative_offset < 0 || e.position >= segment_bytes) return fail(log_errc::corrupt);
        index.entries_.push_back(e);
    }
    index.times_.reserve(times.size() / time_entry_bytes);
    for (; !times.empty(); times = times.subspan(time_entry_bytes)) {
        const time_entry t{load_big<std::int64_t>(times.data()), load_big<std::int32_t>(times.data() + 8)};
        if (t.relative_offset < 0 || (!index.times_.empty() && t.timestamp <= index.times_.back().timestamp))
            return fail(log_errc::corrupt);
        index.times_.push_back(t);
    }
    if (!index.times_.empty()) {
        index.max_timestamp_ = timestamp_ms(index.times_.back().timestamp);
        index.max_timestamp_offset_ = segment_base + index.times_.back().relative_offset;
    }
    return index;
}

}  // namespace logstore
