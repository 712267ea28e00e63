// Why a request was not done, as its client is told.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tablet/tablet_errc.h"

namespace logstore::http {

/// Sent as {"error":{"code":…,"message":…}}. Whatever its status: nothing was written. An outcome that is not
/// known is no api_error; such a connection is closed without an answer.
struct api_error {
    int status = 500;
    /// For programs; one of those that docs/http.md lists. Static text.
    std::string_view code;
    /// For people: a sentence that says what to do.
    std::string message;
    /// The same request may succeed after so many seconds; 0 = it would fail again.
    int retry_after_s = 0;
    /// The methods of the path; for 405 alone. Static text.
    std::string_view allowed_methods;

    api_error(int the_status, std::string_view the_code, std::string the_message, int the_retry_after_s = 0)
        : status(the_status),
          code(the_code),
          message(std::move(the_message)),
          retry_after_s(the_retry_after_s) {}
};

template <class T = void>
using api_result = std::expected<T, api_error>;

inline std::unexpected<api_error> refuse(int status, std::string_view code, std::string message,
                                         int retry_after_s = 0) {
    return std::unexpected<api_error>(api_error(status, code, std::move(message), retry_after_s));
}

api_error unknown_topic(std::string_view topic);
api_error unknown_partition(std::string_view topic, std::int64_t partition, std::int32_t partition_count);

/// There is no memory for the request.
api_error overloaded();

/// Of an append that failed. REQUIRES: neither ok nor outcome_unknown.
api_error append_error(tablet_errc code, const char* sentence);
/// Of a read. REQUIRES: not ok.
api_error read_error(tablet_errc code);

/// Of a topic that was not made or not deleted; nothing where it may have been.
std::expected<api_error, error> topic_error(const error& why);

}  // namespace logstore::http
