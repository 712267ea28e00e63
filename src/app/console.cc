#include "app/console.h"

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace logstore::app {
namespace {

void write_error_text(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

void standard_console::print(std::string_view text) {
    if (reader_is_gone_ || failed_) return;
    if (std::fwrite(text.data(), 1, text.size(), stdout) < text.size()) output_failed(errno);
}

bool standard_console::flush() {
    if (!reader_is_gone_ && !failed_ && std::fflush(stdout) != 0) output_failed(errno);
    return !reader_is_gone_ && !failed_;
}

void standard_console::output_failed(int number) {
    if (number == EPIPE)
        reader_is_gone_ = true;
    else if (!std::exchange(failed_, true))
        say("cannot write the output: " + std::generic_category().message(number));
}

bool standard_console::finish() {
    show_progress({});
    flush();
    return !failed_;
}

void standard_console::complain(std::string_view lines) {
    show_progress({});
    std::fflush(stdout);
    write_error_text(lines);
}

void standard_console::say(std::string_view sentence) {
    std::string line = "logstore: ";
    line += sentence;
    line += '\n';
    complain(line);
}

void standard_console::show_progress(std::string_view line) {
    if (line.empty() && !shows_progress_) return;
    if (::isatty(STDERR_FILENO) == 0) return;
    // Carriage return, then "erase to the end of the line".
    write_error_text("\r\x1b[K");
    write_error_text(line);
    std::fflush(stderr);
    shows_progress_ = !line.empty();
}

bool standard_console::can_ask() const {
    return ::isatty(STDIN_FILENO) != 0;
}

bool standard_console::ask(std::string_view question) {
    std::fflush(stdout);
    write_error_text(question);
    write_error_text(" [y/N] ");
    std::fflush(stderr);
    char answer[16] = {};
    if (std::fgets(answer, sizeof answer, stdin) == nullptr) return false;
    const std::string_view text(answer);
    return text == "y\n" || text == "Y\n" || text == "yes\n" || text == "Yes\n";
}

}  // namespace logstore::app
