// From values to places on an axis, and where its ticks are.
#pragma once

#include <string>
#include <vector>

namespace logstore::app::bench {

/// A place on an axis with its label.
struct chart_tick {
    double at = 0;
    std::string label;
};

/// A range of values, as a share of the axis. Plain value.
class chart_scale {
  public:
    enum class kind { linear, logarithmic };

    /// Holds `low` to `high`, rounded outwards to where ticks are; a linear scale begins at 0 where all
    /// values are positive. Ranges of no length, and values that a logarithm does not have, are widened.
    static chart_scale holding(kind what, double low, double high);
    /// Exactly this range.
    static chart_scale exactly(kind what, double low, double high);

    double low() const { return low_; }
    double high() const { return high_; }
    /// 0 at the low end, 1 at the high one; values outside are moved to the ends.
    double share_of(double value) const;
    /// About as many as `wanted`, at round values, in rising order.
    std::vector<chart_tick> ticks(int wanted) const;

  private:
    chart_scale(kind what, double low, double high) : kind_(what), low_(low), high_(high) {}

    kind kind_;
    double low_;
    double high_;
};

/// "0", "250", "1.5k", "12M", "0.02": three digits that count.
std::string short_number(double value);

}  // namespace logstore::app::bench
