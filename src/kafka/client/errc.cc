#include "kafka/client/errc.h"

#include <string>

namespace logstore::kafka {
namespace {

class category final : public std::error_category {
  public:
    const char* name() const noexcept override { return "kafka client"; }
    std::string message(int code) const override {
        switch (static_cast<client_errc>(code)) {
            case client_errc::unreachable: return "the server cannot be reached";
            case client_errc::unsupported: return "the server does not offer this";
            case client_errc::overloaded: return "too much is waiting for this server";
            case client_errc::connection_lost: return "the connection was lost before the answer came";
            case client_errc::timed_out: return "the server did not answer in time";
            case client_errc::bad_response: return "the server's answer cannot be understood";
            case client_errc::closed: return "the connection was closed here";
        }
        return "unknown client error";
    }
};

}  // namespace

const std::error_category& client_category() {
    static const category instance;
    return instance;
}

}  // namespace logstore::kafka
