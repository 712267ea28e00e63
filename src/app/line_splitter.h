// Bytes to lines.
#pragma once

#include <cstring>
#include <string>

#include "base/bytes.h"

namespace logstore::app {

/// Cuts pieces of input into lines, without their '\n'. Keeps the start of a line that is not whole, up to a
/// limit.
class line_splitter {
  public:
    explicit line_splitter(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

    /// What is cut next. REQUIRES: next() has answered false since the last piece.
    void accept(bytes_view piece) { fresh_ = piece; }

    /// Whether there is another whole line; it is valid until the next call.
    bool next(bytes_view& line) {
        if (handed_out_) partial_.clear();
        handed_out_ = false;
        if (fresh_.empty()) return false;
        const void* const found = std::memchr(fresh_.data(), '\n', fresh_.size());
        const std::size_t length =
            found == nullptr ? fresh_.size()
                             : static_cast<std::size_t>(static_cast<const std::byte*>(found) - fresh_.data());
        const bytes_view cut = fresh_.first(length);
        fresh_ = fresh_.subspan(found == nullptr ? length : length + 1);
        if (partial_.empty() && found != nullptr) {
            line = cut;
            return true;
        }
        if (partial_.size() + cut.size() > line_bytes_max_)
            is_too_long_ = true;
        else
            partial_.insert(partial_.end(), cut.begin(), cut.end());
        if (found == nullptr || is_too_long_) return false;
        line = partial_;
        handed_out_ = true;
        return true;
    }

    /// The last line, which no '\n' ends; empty when there is none.
    bytes_view rest() const { return partial_; }
    /// A line was longer than the limit: there is nothing more to be had.
    bool is_too_long() const { return is_too_long_; }

  private:
    const std::size_t line_bytes_max_;
    bytes_view fresh_;
    byte_vector partial_;
    bool handed_out_ = false;
    bool is_too_long_ = false;
};

}  // namespace logstore::app
