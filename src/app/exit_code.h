// What the program tells the shell. Scripts decide by these numbers: they never change their meaning.
#pragma once

namespace logstore::app {

enum class exit_code : int {
    success = 0,
    failed = 1,       ///< refused by the server, damage found, some requests failed, or not confirmed
    wrong_usage = 2,  ///< the command line or the configuration is wrong; nothing was done
    server_unreachable =
        3,  ///< no connection, or it broke, or no answer in time: what was asked for may have happened
    not_found = 4,  ///< no such topic or file
    already_exists = 5,
    interrupted = 130,  ///< stopped by SIGINT or SIGTERM, as a shell reports it
};

constexpr int number_of(exit_code code) {
    return static_cast<int>(code);
}

}  // namespace logstore::app
