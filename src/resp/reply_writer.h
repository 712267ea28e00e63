// Replies in Redis' protocol, versions 2 and 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace logstore::resp {

/// Writes to the end of a string. What version 2 has no notation for is written as its clients expect it: maps and
/// sets as arrays, texts as bulks, nothing as a bulk of length −1. Who begins a collection writes as many parts as it
/// announced.
class reply_writer {
  public:
    reply_writer(std::string& to, int protocol) : to_(to), is_3_(protocol >= 3) {}

    bool is_3() const { return is_3_; }
    std::size_t size_bytes() const { return to_.size(); }

    void ok() { to_ += "+OK\r\n"; }
    /// REQUIRES: no line ends.
    void simple(std::string_view text);
    /// "ERR what is wrong": the first word is the code. Line ends become blanks.
    void error(std::string_view text);
    void integer(std::int64_t number);
    void bulk(std::string_view bytes);
    void bulk(bytes_view bytes) { bulk(text_of(bytes)); }
    void null();
    /// Where an array is expected.
    void null_array();
    void array(std::size_t count) { begin('*', count); }
    /// Pairs of a key and a value follow.
    void map(std::size_t count) { is_3_ ? begin('%', count) : begin('*', 2 * count); }
    void set(std::size_t count) { begin(is_3_ ? '~' : '*', count); }
    /// For people.
    void text(std::string_view lines);
    /// What another writer wrote.
    void raw(std::string_view bytes) { to_ += bytes; }

  private:
    void begin(char mark, std::size_t number);

    std::string& to_;
    const bool is_3_;
};

}  // namespace logstore::resp
