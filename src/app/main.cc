// The program.
#include <csignal>

#include "app/exit_code.h"
#include "app/run_command.h"
#include "env/open_files_limit.h"

int main(int argument_count, char** arguments) {
    using namespace logstore::app;
    // A reader that goes away is seen where it is written to (console.h).
    std::signal(SIGPIPE, SIG_IGN);
    logstore::env::raise_open_files_limit();
    standard_console out;
    const int code = run_command(out, std::vector<std::string>(arguments + 1, arguments + argument_count));
    return out.finish() || code != number_of(exit_code::success) ? code : number_of(exit_code::failed);
}
