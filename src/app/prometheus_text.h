// Figures in the text format of Prometheus.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/histogram.h"

namespace logstore::app {

/// One label or a few, written as they stand between braces. Values come from this program's own tables and
/// numbers, never from clients, and need no escapes.
std::string label(std::string_view name, std::string_view value);
std::string label(std::string_view name, std::uint64_t value);

/// Builds one exposition, family after family: first what the family is, then its samples.
class prometheus_text {
  public:
    void counter(std::string_view name, std::string_view help) { begin(name, "counter", help); }
    void gauge(std::string_view name, std::string_view help) { begin(name, "gauge", help); }
    void histograms(std::string_view name, std::string_view help) { begin(name, "histogram", help); }

    /// Of the family begun last. `labels` may be empty.
    void sample(std::string_view labels, std::uint64_t value);
    void seconds(std::string_view labels, std::uint64_t nanoseconds);
    /// With every `step`th bound: 2 leaves the powers of two.
    template <unsigned FirstPower, unsigned Octaves>
    void sample(std::string_view labels, const histogram<FirstPower, Octaves>& values, std::size_t step = 1) {
        write(labels, values, step, false);
    }
    /// The values are nanoseconds.
    template <unsigned FirstPower, unsigned Octaves>
    void seconds(std::string_view labels, const histogram<FirstPower, Octaves>& values, std::size_t step = 1) {
        write(labels, values, step, true);
    }

    std::string finish() { return std::move(out_); }

  private:
    void begin(std::string_view name, std::string_view type, std::string_view help);
    void write_name(std::string_view suffix, std::string_view labels);
    void write_bucket(std::string_view labels, const std::uint64_t* bound, bool is_time, std::uint64_t count);
    void write_value(std::uint64_t value, bool is_time);

    template <unsigned FirstPower, unsigned Octaves>
    void write(std::string_view labels, const histogram<FirstPower, Octaves>& values, std::size_t step,
               bool is_time) {
        std::uint64_t below = 0;
        for (std::size_t i = 0; i < values.bound_count; ++i) {
            below += values.count_in(i);
            const std::uint64_t bound = values.bound(i);
            if (i % step == 0) write_bucket(labels, &bound, is_time, below);
        }
        below += values.count_in(values.bound_count);
        write_bucket(labels, nullptr, is_time, below);
        write_name("_sum", labels);
        write_value(values.sum(), is_time);
        write_name("_count", labels);
        write_value(below, false);
    }

    std::string name_;
    std::string out_;
};

}  // namespace logstore::app
