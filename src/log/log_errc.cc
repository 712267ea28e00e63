#include "log/log_errc.h"

#include <string>

namespace logstore {

const std::error_category& log_category() {
    static const struct final : std::error_category {
        const char* name() const noexcept override { return "log"; }
        std::string message(int code) const override {
            switch (static_cast<log_errc>(code)) {
                case log_errc::corrupt: return "stored data is damaged";
                case log_errc::truncated: return "stored data ends too early";
                case log_errc::newer_format: return "written by a newer version";
                case log_errc::foreign_directory: return "not a data directory of this store";
                case log_errc::in_use: return "the data directory is in use";
                case log_errc::not_found: return "not found";
            }
            return "unknown log error";
        }
    } category;
    return category;
}

}  // namespace logstore
