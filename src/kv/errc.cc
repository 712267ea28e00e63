#include "kv/errc.h"

#include <string>

namespace logstore::kv {

const std::error_category& error_category() {
    static const struct final : std::error_category {
        const char* name() const noexcept override { return "kv"; }
        std::string message(int code) const override {
            switch (static_cast<errc>(code)) {
                case errc::would_block: return "the key view would have to wait for the disk";
                case errc::corrupt: return "the key view is damaged";
                case errc::no_space: return "no space for the key view";
                case errc::failed: return "the key view has failed";
            }
            return "unknown key view error";
        }
    } category;
    return category;
}

}  // namespace logstore::kv
