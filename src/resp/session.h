// What a connection remembers from command to command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "env/clock.h"

namespace logstore::resp {

/// Of a name or value that a client gives to its connection.
inline constexpr std::size_t session_text_bytes_max = 256;

struct session {
    std::uint64_t id = 0;
    int protocol = 2;
    std::string name;
    std::string library_name;
    std::string library_version;
    std::string peer;
    env::monotonic_time begun{};
    /// The name of the last command.
    std::string_view last_command;
    /// The connection is to be closed behind the answers so far.
    bool is_leaving = false;
};

}  // namespace logstore::resp
