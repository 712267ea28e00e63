// Timers in the order in which they fall due. Pure: the owner says what time it is.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "env/executor.h"

namespace logstore::env {

/// What an executor has promised to run later. Equal times run in the order of their start. One thread.
class timer_queue {
  public:
    timer_id add(monotonic_time when, work what) {
        const timer_id id = next_id_++;
        by_time_.emplace(key{when, id}, std::move(what));
        time_of_.emplace(id, when);
        return id;
    }

    /// Harmless when the timer ran already.
    void cancel(timer_id id) {
        auto found = time_of_.find(id);
        if (found == time_of_.end()) return;
        by_time_.erase(key{found->second, id});
        time_of_.erase(found);
    }

    std::optional<monotonic_time> earliest() const {
        if (by_time_.empty()) return std::nullopt;
        return by_time_.begin()->first.first;
    }

    /// Every id from here on is given to a timer that does not exist yet: the end of one burst of due timers.
    timer_id next_id() const { return next_id_; }

    /// Takes out the earliest timer that is due at `now` and older than `before`; empty when there is none. A
    /// burst that stops at the next_id() of its beginning ends even when each timer starts a new one that is
    /// due at once.
    work take_due(monotonic_time now, timer_id before) {
        if (by_time_.empty()) return {};
        auto first = by_time_.begin();
        if (first->first.first > now || first->first.second >= before) return {};
        work what = std::move(first->second);
        time_of_.erase(first->first.second);
        by_time_.erase(first);
        return what;
    }

    std::size_t size() const { return by_time_.size(); }

  private:
    using key = std::pair<monotonic_time, timer_id>;
    std::map<key, work> by_time_;
    std::unordered_map<timer_id, monotonic_time> time_of_;
    timer_id next_id_ = 1;
};

}  // namespace logstore::env
