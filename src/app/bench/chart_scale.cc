#include "app/bench/chart_scale.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace logstore::app::bench {
namespace {

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `least`.
double round_step(double least) {
    const double power = std::pow(10.0, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 2.5, 5.0})
        if (factor * power >= least * (1 - 1e-9)) return factor * power;
    return 10 * power;
}

constexpr int linear_steps = 5;
/// A log axis with fewer powers of ten has ticks at 2 and 5 too.
constexpr double sparse_decades = 3.5;
constexpr double smallest_positive = 1e-6;

}  // namespace

chart_scale chart_scale::holding(kind what, double low, double high) {
    if (what == kind::logarithmic) {
        low = std::max(low, smallest_positive);
        high = std::max(high, low);
        const double from = std::pow(10.0, std::floor(std::log10(low) + 1e-9));
        double to = std::pow(10.0, std::ceil(std::log10(high) - 1e-9));
        if (to <= from) to = from * 10;
        // The outer tenth of a decade is not drawn where nothing is in it.
        double first = from, last = to;
        for (const double factor : {2.0, 5.0}) {
            if (from * factor <= low * (1 + 1e-9)) first = from * factor;
            if (to / 10 * (10 / factor) >= high * (1 - 1e-9)) last = to / factor;
        }
        if (last <= first) last = first * 10;
        return {what, first, last};
    }
    if (low > 0) low = 0;
    if (high <= low) high = low + 1;
    const double step = round_step((high - low) / linear_steps);
    return {what, std::floor(low / step + 1e-9) * step, std::ceil(high / step - 1e-9) * step};
}

chart_scale chart_scale::exactly(kind what, double low, double high) {
    return {what, low, high > low ? high : low + 1};
}

double chart_scale::share_of(double value) const {
    value = std::clamp(value, low_, high_);
    if (kind_ == kind::linear) return (value - low_) / (high_ - low_);
    return (std::log10(value) - std::log10(low_)) / (std::log10(high_) - std::log10(low_));
}

std::vector<chart_tick> chart_scale::ticks(int wanted) const {
    std::vector<chart_tick> made;
    const auto add = [&](double at) {
        if (at >= low_ * (1 - 1e-9) && at <= high_ * (1 + 1e-9)) made.push_back({at, short_number(at)});
    };
    if (kind_ == kind::linear) {
        const double step = round_step((high_ - low_) / wanted);
        const auto first = static_cast<long>(std::ceil(low_ / step - 1e-9));
        const auto last = static_cast<long>(std::floor(high_ / step + 1e-9));
        for (long i = first; i <= last; ++i) add(static_cast<double>(i) * step);
        return made;
    }
    const bool is_sparse = std::log10(high_ / low_) <= sparse_decades;
    const int from = static_cast<int>(std::floor(std::log10(low_) + 1e-9));
    const int to = static_cast<int>(std::ceil(std::log10(high_) - 1e-9));
    const int every = std::max(1, (to - from + wanted - 1) / std::max(wanted, 1));
    for (int power = from; power <= to; power += every)
        for (const double factor : {1.0, 2.0, 5.0})
            if (factor == 1.0 || is_sparse) add(factor * std::pow(10.0, power));
    return made;
}

std::string short_number(double value) {
    constexpr std::pair<double, const char*> units[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
    for (const auto& [size, letter] : units)
        if (std::abs(value) >= size * (1 - 5e-4)) return fmt::format("{:.3g}{}", value / size, letter);
    return fmt::format("{:.3g}", std::abs(value) < 1e-9 ? 0.0 : value);
}

}  // namespace logstore::app::bench
