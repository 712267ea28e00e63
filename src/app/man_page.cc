#include "app/man_page.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace logstore::app {
namespace {

/// Text that roff takes as it is: backslashes and hyphens say what they are, and no line is a request.
std::string escaped(std::string_view text) {
    std::string out;
    if (text.starts_with('.') || text.starts_with('\'')) out += "\\&";
    for (const char one : text) {
        switch (one) {
            case '\\': out += "\\e"; break;
            case '-': out += "\\-"; break;
            case '\'': out += "\\(aq"; break;
            case '^': out += "\\(ha"; break;
            case '~': out += "\\(ti"; break;
            default: out += one;
        }
    }
    return out;
}

std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char one) { return std::toupper(one); });
    return out;
}

void append_term(std::string& out, std::string_view term, std::string_view meaning) {
    out += fmt::format(".TP\n{}\n{}\n", term, escaped(meaning));
}

std::string option_term(const option_description& option) {
    std::string term;
    for (const std::string& name : option.names)
        term += fmt::format("{}\\fB{}\\fR", term.empty() ? "" : ", ", escaped(name));
    if (!option.value.empty()) term += fmt::format(" \\fI{}\\fR", escaped(option.value));
    return term;
}

void append_lines(std::string& out, const std::vector<std::string>& lines) {
    out += ".EX\n";
    for (const std::string& line : lines) out += escaped(line) + "\n";
    out += ".EE\n";
}

/// The command and all below it that do something themselves.
void append_command(std::string& out, const command_description& command) {
    if (!command.commands.empty()) {
        for (const command_description& below : command.commands) append_command(out, below);
        return;
    }
    out += fmt::format(".SS {}\n\\fB{}\\fR {}\n.PP\n{}\n", escaped(command.full_name),
                       escaped(command.full_name), escaped(command.usage), escaped(command.meaning));
    for (const argument_description& argument : command.arguments)
        append_term(out, fmt::format("\\fI{}\\fR", escaped(argument.name)), argument.meaning);
    for (const option_description& option : command.options)
        append_term(out, option_term(option), option.meaning);
    if (!command.list.entries.empty()) out += fmt::format(".PP\n{}:\n", escaped(command.list.heading));
    for (const argument_description& entry : command.list.entries)
        append_term(out, fmt::format("\\fB{}\\fR", escaped(entry.name)), entry.meaning);
    if (!command.notes.empty()) out += ".PP\n";
    for (const std::string& note : command.notes) out += escaped(note) + "\n";
    if (command.examples.empty()) return;
    out += ".PP\nExamples:\n.PP\n";
    append_lines(out, command.examples);
}

}  // namespace

std::string man_page(const command_description& program, std::string_view version) {
    std::string out =
        fmt::format(".TH {} 1 \"\" \"{}\" \"User Commands\"\n", upper(program.name), escaped(version));
    out += fmt::format(".SH NAME\n{} \\- {}\n", escaped(program.name), escaped(program.meaning));
    out += fmt::format(".SH SYNOPSIS\n\\fB{}\\fR {}\n", escaped(program.name), escaped(program.usage));
    out += ".SH DESCRIPTION\n";
    out += "One program is the server, its administration, and a client that writes and reads records.\n";
    out += "It speaks the protocol of Apache Kafka: other Kafka clients work with it too.\n";
    for (const option_description& option : program.options)
        append_term(out, option_term(option), option.meaning);
    out += ".SH COMMANDS\n";
    for (const command_description& command : program.commands) append_command(out, command);
    out += ".SH ENVIRONMENT\n";
    append_term(out, "\\fBLOGSTORE_SERVER\\fR", "The address of the server, where --server is not given.");
    out += ".SH EXIT STATUS\n";
    for (const std::string& note : program.notes) out += escaped(note) + "\n";
    out += ".SH EXAMPLES\n";
    append_lines(out, program.examples);
    return out;
}

}  // namespace logstore::app
