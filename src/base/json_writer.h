// JSON text for scripts and other programs.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace logstore {

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
    std::string finish() {
        out_ += '\n';
        return std::move(out_);
    }
    /// Bytes of the document so far.
    std::size_t size_bytes() const { return out_.size(); }
    void reserve(std::size_t bytes) { out_.reserve(bytes); }

  private:
    json_writer& open(char bracket);
    json_writer& close(char bracket);
    void separate();
    void append_quoted(std::string_view value);

    std::string out_;
    bool needs_comma_ = false;
};

}  // namespace logstore
