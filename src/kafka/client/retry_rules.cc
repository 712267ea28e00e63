#include "kafka/client/retry_rules.h"

#include "kafka/client/broker_error.h"
#include "kafka/client/errc.h"

namespace logstore::kafka {

attempt_verdict judge_attempt(const error& why) {
    if (const auto code = broker_error_code(why)) {
        // The leader has appended it, but not enough others have in time; or the broker does not know itself.
        const bool may_be_stored = *code == error_code::request_timed_out ||
                                   *code == error_code::not_enough_replicas_after_append ||
                                   *code == error_code::unknown_server_error;
        return {may_be_stored, is_retriable(*code), refreshes_metadata(*code)};
    }
    if (why.code == client_errc::unreachable) return {false, true, true};
    if (why.code == client_errc::overloaded) return {false, true, false};
    if (why.code == client_errc::unsupported) return {false, false, false};
    if (why.code == client_errc::closed) return {true, false, false};
    if (why.code.category() == client_category()) return {true, true, true};
    return {false, false, false};
}

}  // namespace logstore::kafka
