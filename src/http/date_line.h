// The Date field of answers.
#pragma once

#include <string>
#include <string_view>

#include "env/clock.h"

namespace logstore::http {

/// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", made anew once a second. One shard.
class date_line {
  public:
    explicit date_line(const env::clock& time) : time_(time) {}
    /// Valid until the next call.
    std::string_view now();

  private:
    const env::clock& time_;
    std::int64_t second_ = -1;
    std::string line_;
};

std::string date_text(std::int64_t seconds_since_1970);

}  // namespace logstore::http
