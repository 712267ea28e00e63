#include "kafka/client/broker_error.h"

#include <fmt/format.h>

#include "base/check.h"

namespace logstore::kafka {
namespace {

class category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "kafka broker"; }
    std::string message(int code) const override {
        const auto known = static_cast<error_code>(code);
        return fmt::format("{} {}: {}", error_name(known), code, error_sentence(known));
    }
};

}  // namespace

const std::error_category& broker_category() {
    static const category instance;
    return instance;
}

error broker_error(error_code code, const std::optional<std::string>& message) {
    CHECK(code != error_code::none);
    return {std::error_code(static_cast<int>(code), broker_category()), message.value_or("")};
}

std::optional<error_code> broker_error_code(const error& why) {
    if (why.code.category() != broker_category()) return std::nullopt;
    return static_cast<error_code>(why.code.value());
}

}  // namespace logstore::kafka
