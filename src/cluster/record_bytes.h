// Writing and reading the values of the metadata: big-endian numbers and counted texts.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"

namespace logstore::cluster {

/// Appends fields to a value.
class record_writer {
  public:
    template <std::integral T>
    void number(T value) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + sizeof value);
        store_big(bytes_.data() + at, value);
    }
    void raw(bytes_view bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
    void text(std::string_view text) {
        CHECK(text.size() <= UINT16_MAX, "a text of {} bytes", text.size());
        number(static_cast<std::uint16_t>(text.size()));
        raw(bytes_of(text));
    }
    byte_vector take() { return std::move(bytes_); }

  private:
    byte_vector bytes_;
};

/// Takes fields from a value. Total: after the first field that is not there every field is zero or empty,
/// and all_read() is false.
class record_reader {
  public:
    explicit record_reader(bytes_view bytes) : rest_(bytes) {}

    template <std::integral T>
    T number() {
        const bytes_view field = raw(sizeof(T));
        return field.empty() ? T{} : load_big<T>(field.data());
    }
    bytes_view raw(std::size_t size) {
        if (size > rest_.size()) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const bytes_view field = rest_.first(size);
        rest_ = rest_.subspan(size);
        return field;
    }
    std::string text() { return std::string(text_of(raw(number<std::uint16_t>()))); }
    bool failed() const { return failed_; }
    /// Every field was there, and nothing is left.
    bool all_read() const { return !failed_ && rest_.empty(); }

  private:
    bytes_view rest_;
    bool failed_ = false;
};

}  // namespace logstore::cluster
