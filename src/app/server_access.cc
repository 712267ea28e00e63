#include "app/server_access.h"

#include <fmt/format.h>

#include "app/version.h"
#include "kafka/client/broker_error.h"

namespace logstore::app {
namespace {

using kafka::client_errc;
using kafka::error_code;

struct verdict {
    exit_code code = exit_code::failed;
    /// What to do now; may be empty.
    std::string_view advice;
};

verdict judge_broker_error(error_code code) {
    switch (code) {
        case error_code::unknown_topic_or_partition:
        case error_code::unknown_topic_id:
            return {exit_code::not_found, "'logstore topic list' shows what there is."};
        case error_code::topic_already_exists:
            return {exit_code::already_exists,
                    "Choose another name, or delete it with 'logstore topic delete'."};
        case error_code::request_timed_out:
            return {exit_code::server_unreachable,
                    "It may still take effect: look with 'logstore topic list'."};
        default: break;
    }
    if (kafka::is_retriable(code)) return {exit_code::failed, "This passes by itself: try again."};
    return {};
}

verdict judge(const error& why) {
    if (const auto code = kafka::broker_error_code(why)) return judge_broker_error(*code);
    if (why.code == client_errc::unreachable) {
        return {exit_code::server_unreachable,
                "Is the server running? Start one with 'logstore serve', or name another with --server "
                "HOST:PORT."};
    }
    if (why.code == std::errc::invalid_argument) return {exit_code::wrong_usage, {}};
    if (why.code == client_errc::unsupported) return {};
    if (why.code.category() == kafka::client_category()) {
        return {exit_code::server_unreachable,
                "It may have taken effect: look with 'logstore topic list' before trying again."};
    }
    return {};
}

/// Why, for a person: the server's own words where it has some, and the name that Kafka's documentation
/// knows.
std::string reason_of(const error& why) {
    if (const auto code = kafka::broker_error_code(why)) {
        const std::string_view sentence =
            why.detail.empty() ? kafka::error_sentence(*code) : std::string_view(why.detail);
        return fmt::format("{} ({})", sentence, kafka::error_name(*code));
    }
    // The detail of these is a whole sentence; their code's words would only repeat it.
    const bool is_sentence = why.code == client_errc::unreachable || why.code == std::errc::invalid_argument;
    return is_sentence && !why.detail.empty() ? why.detail : why.message();
}

}  // namespace

kafka::connection_options command_connection_options() {
    kafka::connection_options options;
    options.client_id = "logstore-cli";
    options.software_name = "logstore-cli";
    options.software_version = version_number();
    return options;
}

env::task<result<std::unique_ptr<kafka::client_connection>>> connect_to_server(env::environment world,
                                                                               env::socket_address server) {
    return kafka::client_connection::connect(world, std::move(server), command_connection_options());
}

exit_code report_failure(console& out, std::string_view doing, const error& why) {
    const verdict found = judge(why);
    out.say(fmt::format("{}: {}.{}{}", doing, reason_of(why), found.advice.empty() ? "" : " ", found.advice));
    return found.code;
}

exit_code report_no_topic(console& out, std::string_view doing, std::string_view topic, const error& why,
                          env::duration tried) {
    if (kafka::broker_error_code(why) == error_code::unknown_topic_or_partition) {
        out.say(
            fmt::format("{}: there is no such topic. Create it with 'logstore topic create {}'; 'logstore "
                        "topic list' shows what there is.",
                        doing, topic));
        return exit_code::not_found;
    }
    if (why.code != client_errc::unreachable) return report_failure(out, doing, why);
    const auto seconds = std::chrono::duration<double>(tried).count();
    return report_failure(out, doing,
                          error(why.code, fmt::format("{}; tried for {} s", why.detail, seconds)));
}

}  // namespace logstore::app
