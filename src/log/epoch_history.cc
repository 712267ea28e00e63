#include "log/epoch_history.h"

#include <algorithm>

namespace logstore {

bool epoch_history::note(leader_epoch epoch, offset start) {
    if (epoch < leader_epoch(0)) return false;
    if (!starts_.empty() && starts_.back().epoch == epoch && start >= starts_.back().start) return false;
    while (!starts_.empty() && (starts_.back().epoch >= epoch || starts_.back().start >= start))
        starts_.pop_back();
    if (starts_.size() == entries_max) starts_.erase(starts_.begin());
    starts_.push_back({epoch, start});
    return true;
}

bool epoch_history::append(epoch_start entry) {
    if (entry.epoch < leader_epoch(0) || entry.start < offset(0) || starts_.size() == entries_max)
        return false;
    if (!starts_.empty() && (entry.epoch <= starts_.back().epoch || entry.start <= starts_.back().start))
        return false;
    starts_.push_back(entry);
    return true;
}

bool epoch_history::trim_start(offset log_start) {
    const auto above = std::ranges::upper_bound(starts_, log_start, {}, &epoch_start::start);
    if (above == starts_.begin()) return false;
    const auto holds = std::prev(above);
    holds->start = log_start;
    const bool has_gone = holds != starts_.begin();
    starts_.erase(starts_.begin(), holds);
    return has_gone;
}

bool epoch_history::cut_end(next_offset log_end) {
    const std::size_t before = starts_.size();
    while (!starts_.empty() && !is_below(starts_.back().start, log_end)) starts_.pop_back();
    return starts_.size() != before;
}

bool epoch_history::covers(offset log_start, next_offset log_end) const {
    return is_below(log_start, log_end) ? !starts_.empty() && starts_.front().start <= log_start : true;
}

epoch_end epoch_history::end_of(leader_epoch wanted, next_offset log_end) const {
    if (starts_.empty() || wanted < leader_epoch(0)) return {};
    const auto above = std::ranges::upper_bound(starts_, wanted, {}, &epoch_start::epoch);
    if (above == starts_.end()) return {starts_.back().epoch, log_end};
    const next_offset end(above->start.value());
    return {above == starts_.begin() ? wanted : std::prev(above)->epoch, end};
}

leader_epoch epoch_history::epoch_at(offset wanted) const {
    const auto above = std::ranges::upper_bound(starts_, wanted, {}, &epoch_start::start);
    return above == starts_.begin() ? no_leader_epoch : std::prev(above)->epoch;
}

}  // namespace logstore
