#include "resp/errors.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "cluster/errc.h"
#include "shard/broker.h"

namespace logstore::resp {
namespace {

/// Clients send any bytes.
std::string shown(std::string_view name) {
    constexpr std::size_t shown_bytes_max = 249;
    std::string text(name.substr(0, shown_bytes_max));
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
    }
    return text;
}

}  // namespace

std::string wrong_arity(std::string_view command) {
    return fmt::format("ERR wrong number of arguments for '{}' command", command);
}

std::string key_too_large() {
    return fmt::format("ERR a key has {} bytes at most", key_bytes_max);
}

std::string illegal_topic_name(std::string_view name) {
    return fmt::format(
        "ERR '{}' cannot be a topic: the name of one has 1 to 249 letters, digits, '.', '_' and '-', and is not '.' "
        "or '..'",
        shown(name));
}

std::string unknown_topic(std::string_view name) {
    return fmt::format("ERR there is no topic '{}', and none is made by its first use here", shown(name));
}

std::string tablet_error(tablet_errc code, std::string_view topic, const char* message) {
    switch (code) {
        case tablet_errc::no_view:
            return fmt::format(
                "ERR topic '{}' keeps no key view; set kv.enabled=true on it (logstore topic create {} --config "
                "kv.enabled=true)",
                shown(topic), shown(topic));
        case tablet_errc::view_building:
            return fmt::format("LOADING the key view of topic '{}' is being built; try again in a moment",
                               shown(topic));
        case tablet_errc::unknown_tablet:
            return fmt::format("ERR topic '{}' was deleted, or has no such partition", shown(topic));
        case tablet_errc::batch_too_large:
            return fmt::format("ERR what is written is larger than max.message.bytes of topic '{}'; nothing was",
                               shown(topic));
        case tablet_errc::too_large:
            return "ERR the key, or the answer, is above its limit; ask for less at a time";
        case tablet_errc::corrupt_batch:
        case tablet_errc::invalid_batch:
            return fmt::format("ERR {}", message != nullptr ? message : "the record breaks a rule of the topic");
        case tablet_errc::storage_unavailable:
            return "MISCONF there is no room on disk; nothing was written, try again when there is";
        case tablet_errc::stopping:
        case tablet_errc::fenced_leader_epoch:
        case tablet_errc::unknown_leader_epoch:
            return "ERR the server is stopping; nothing was written, try again in a moment";
        case tablet_errc::offset_out_of_range:
            return "ERR there is no such record (any more)";
        case tablet_errc::ok:
        case tablet_errc::storage_error:
        case tablet_errc::outcome_unknown: break;
    }
    return "ERR the stored data cannot be read; the server's log says more";
}

std::string topic_error(const error& why) {
    return "ERR " + why.message();
}

}  // namespace logstore::resp
