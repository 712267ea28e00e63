// Why a request to a broker has no answer. What a broker answers itself is in broker_error.h.
#pragma once

#include <system_error>

namespace logstore::kafka {

/// The first three mean that nothing was sent; after the others the broker may have done what it was asked.
enum class client_errc {
    unreachable = 1,  ///< no connection, or what answers there is no Kafka broker
    unsupported,  ///< the broker and this client share no version of the API, or the version cannot say it
    overloaded,   ///< more requests in flight or more unsent bytes than connection_options allows
    connection_lost,  ///< the connection broke before the answer came
    timed_out,        ///< no answer in time; the connection is closed
    bad_response,     ///< the answer is not a message, too large, or to another request; the connection is
                      ///< closed
    closed,           ///< close() was called
};

const std::error_category& client_category();
inline std::error_code make_error_code(client_errc code) {
    return {static_cast<int>(code), client_category()};
}

}  // namespace logstore::kafka

template <>
struct std::is_error_code_enum<logstore::kafka::client_errc> : std::true_type {};
