// How `logstore consume` writes a record.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/client/record_block.h"

namespace logstore::app {

/// Compiled once, applied to every record. Plain value.
class record_format {
  public:
    /// "value": the value and a line end. "json": a JSON object a line. Anything else is a pattern:
    ///   %t topic  %p partition  %o offset  %k key  %v value  %T timestamp (ms)  %h headers (name=value,…)
    ///   %K %V length of key and value, -1 for null  %% a percent sign
    ///   \n \t \r \0 \\ \xHH
    /// The error is a sentence.
    static std::expected<record_format, std::string> parse(std::string_view text);
    static record_format json();

    /// Text that stands for a null key, value or header; JSON has its own null.
    std::string null_text;

    void append(std::string& out, const topic_partition& from, const kafka::consumed_record& one) const;

  private:
    /// A literal, or the letter of a field.
    struct part {
        char field = 0;
        std::string literal;
    };

    void append_field(std::string& out, char field, const topic_partition& from,
                      const kafka::consumed_record& one) const;
    void append_bytes(std::string& out, const std::optional<bytes_view>& bytes) const;

    bool is_json_ = false;
    std::vector<part> parts_;
};

}  // namespace logstore::app
