#include "app/inspect.h"

#include <fmt/format.h>

#include "log/log_errc.h"

namespace logstore::app {

env::task<exit_code> run_inspect(env::environment world, console* out, inspect_command asked) {
    switch (asked.format) {
        case stored_format::segment: return inspect_segment(world, out, std::move(asked));
        case stored_format::journal: return inspect_journal(world, out, std::move(asked));
        case stored_format::recovery_points: return inspect_recovery_points(world, out, std::move(asked));
    }
    CHECK(false);
}

exit_code report_unreadable(console& out, const std::string& path, const error& why) {
    const bool absent = why.code == std::errc::no_such_file_or_directory || why.code == log_errc::not_found;
    out.say(fmt::format("{}: {}", path, absent ? "there is no such file" : why.message()));
    return absent ? exit_code::not_found : exit_code::failed;
}

}  // namespace logstore::app
