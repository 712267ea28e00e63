#include "config/errc.h"

#include <string>

namespace logstore::config {
namespace {

class category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "config"; }
    std::string message(int) const override { return "invalid configuration"; }
};

}  // namespace

const std::error_category& error_category() {
    static const category instance;
    return instance;
}

}  // namespace logstore::config
