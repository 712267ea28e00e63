// Expected failures as values. Broken invariants use check.h; nothing in this project throws across a function boundary.
#pragma once

#include <expected>
#include <string>
#include <system_error>
#include <utility>

namespace logstore {

/// Why an operation did not happen. `code` is what callers decide by; `detail` is a sentence for a person (may be empty).
struct error {
    std::error_code code;
    std::string detail;

    error(std::error_code the_code, std::string the_detail = {})  // NOLINT: conversion wanted
        : code(the_code), detail(std::move(the_detail)) {}

    /// `detail` when there is one, with the code's own words after it.
    std::string message() const {
        return detail.empty() ? code.message() : detail + " (" + code.message() + ")";
    }
};

template <class T = void>
using result = std::expected<T, error>;

/// `return fail(errc::x, "sentence");`
inline std::unexpected<error> fail(std::error_code code, std::string detail = {}) {
    return std::unexpected<error>(error(code, std::move(detail)));
}

}  // namespace logstore

/// Returns the error of `expression` from the enclosing function, else goes on. Not for expressions with co_await:
/// name the result first (docs/HACKING.md, coroutines).
#define LOGSTORE_TRY(expression)                                                  \
    do {                                                                          \
        if (auto try_result = (expression); !try_result)                          \
            return std::unexpected<::logstore::error>(std::move(try_result).error()); \
    } while (false)
