#include "kafka/protocol/errc.h"

#include <string>

namespace logstore::kafka {
namespace {

class category : public std::error_category {
  public:
    const char* name() const noexcept override { return "kafka protocol"; }
    std::string message(int code) const override {
        switch (static_cast<protocol_errc>(code)) {
            case protocol_errc::truncated: return "a field goes on after the end of the bytes";
            case protocol_errc::bad_length: return "a length out of bounds";
            case protocol_errc::bad_count: return "a list count out of bounds";
            case protocol_errc::bad_varint: return "a variable-length number of too many bits";
            case protocol_errc::null_not_allowed: return "null where none is allowed";
            case protocol_errc::bad_tag: return "a tagged field of the wrong size";
            case protocol_errc::too_many_tags: return "too many tagged fields";
            case protocol_errc::too_large: return "larger than the limit";
            case protocol_errc::trailing_bytes: return "bytes after the end";
            case protocol_errc::bad_record: return "a malformed record";
            case protocol_errc::compressed: return "the records are compressed";
            case protocol_errc::bad_compression: return "bytes that the codec cannot read";
            case protocol_errc::unknown_api: return "an API that is not served";
            case protocol_errc::unsupported_version: return "a version that is not served";
            case protocol_errc::not_representable: return "a value that this version cannot carry";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& protocol_category() {
    static const category the_category;
    return the_category;
}

}  // namespace logstore::kafka
