// The log lines that clients can cause, kept to a bearable number.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/logging.h"
#include "env/clock.h"

namespace logstore {

/// Warnings about clients of one shard: at most `lines_max` within `interval`; the rest is counted and told
/// in the next line.
class complaints {
  public:
    static constexpr std::uint32_t lines_max = 10;
    static constexpr env::duration interval = std::chrono::seconds(10);

    /// `area` is the part of the process that speaks; static text.
    complaints(std::string_view area, const env::clock& time) : area_(area), time_(time) {}

    template <class... Args>
    void write(fmt::format_string<Args...> format, Args&&... args) {
        if (!admit()) return;
        std::string line = fmt::format(format, std::forward<Args>(args)...);
        if (dropped_ > 0) line += fmt::format(" ({} like it were not logged)", std::exchange(dropped_, 0));
        log_warning(area_, "{}", line);
        ++written_;
    }

    /// Lines written so far.
    std::uint64_t written() const { return written_; }

  private:
    bool admit() {
        const env::monotonic_time now = time_.now();
        if (now >= interval_end_) {
            interval_end_ = now + interval;
            lines_ = 0;
        }
        if (lines_ < lines_max) return ++lines_, true;
        ++dropped_;
        return false;
    }

    const std::string_view area_;
    const env::clock& time_;
    env::monotonic_time interval_end_{};
    std::uint32_t lines_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t written_ = 0;
};

}  // namespace logstore
