// Strong types for numbers: an offset is not a position, and neither is a length.
#pragma once

#include <fmt/core.h>

#include <compare>
#include <cstdint>
#include <functional>

namespace logstore {

/// A number of one kind. Construction and conversion are explicit; sums and differences are with plain numbers
/// (`offset + count`), the difference of two of a kind is a plain number.
template <class Number, class Tag>
class named_number {
  public:
    using number_type = Number;

    constexpr named_number() = default;
    constexpr explicit named_number(Number value) : value_(value) {}
    constexpr Number value() const { return value_; }

    constexpr auto operator<=>(const named_number&) const = default;
    constexpr named_number operator+(Number n) const { return named_number(static_cast<Number>(value_ + n)); }
    constexpr named_number operator-(Number n) const { return named_number(static_cast<Number>(value_ - n)); }
    constexpr Number operator-(named_number other) const { return static_cast<Number>(value_ - other.value_); }
    constexpr named_number& operator+=(Number n) { value_ = static_cast<Number>(value_ + n); return *this; }
    constexpr named_number& operator++() { ++value_; return *this; }

  private:
    Number value_{};
};

}  // namespace logstore

/// "{}" only: no width or base.
template <class Number, class Tag>
struct fmt::formatter<logstore::named_number<Number, Tag>> {
    constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
    template <class Context>
    auto format(const logstore::named_number<Number, Tag>& n, Context& context) const {
        // format_to of fmt/core.h: formatter<Number>::format would need all of fmt/format.h in every header.
        return fmt::format_to(context.out(), "{}", n.value());
    }
};

template <class Number, class Tag>
struct std::hash<logstore::named_number<Number, Tag>> {
    std::size_t operator()(const logstore::named_number<Number, Tag>& n) const noexcept {
        return std::hash<Number>{}(n.value());
    }
};
