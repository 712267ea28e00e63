// JSON text for scripts.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace logstore::app {

/// Builds one JSON document from front to back; the caller opens and closes in the right order. Bytes that
/// are not UTF-8 come out as U+FFFD, so that the document is always valid.
class json_writer {
  public:
    json_writer& begin_object() { return open('{'); }
    json_writer& end_object() { return close('}'); }
    json_writer& begin_list() { return open('['); }
    json_writer& end_list() { return close(']'); }
    json_writer& key(std::string_view name);

    json_writer& text(std::string_view value);
    json_writer& number(std::int64_t value);
    json_writer& decimal(double value);
    json_writer& boolean(bool value);
    json_writer& null();

    // A key and its value.
    json_writer& field(std::string_view name, std::string_view value) { return key(name).text(value); }
    json_writer& field(std::string_view name, const char* value) { return key(name).text(value); }
    json_writer& field(std::string_view name, std::integral auto value) {
        return key(name).number(static_cast<std::int64_t>(value));
    }
    json_writer& field(std::string_view name, bool value) { return key(name).boolean(value); }
    json_writer& field(std::string_view name, double value) { return key(name).decimal(value); }

    /// The document with a line end.
    std::string finish() { return std::move(out_) + "\n"; }

  private:
    json_writer& open(char bracket);
    json_writer& close(char bracket);
    void separate();
    void append_quoted(std::string_view value);

    std::string out_;
    bool needs_comma_ = false;
};

}  // namespace logstore::app
