#include "app/help_formatter.h"

#include <fmt/format.h>

namespace logstore::app {
namespace {

constexpr std::size_t left_column = 28;
constexpr std::size_t line_columns = 100;

/// Appends `text` from column left_column on, wrapped between words.
void append_wrapped(std::string& out, std::string_view text) {
    std::size_t column = left_column;
    bool first_of_line = true;
    while (!text.empty()) {
        const std::size_t space = text.find(' ');
        const std::string_view word = text.substr(0, space);
        text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
        if (!first_of_line && column + 1 + word.size() > line_columns) {
            out += '\n';
            out.append(left_column, ' ');
            column = left_column;
            first_of_line = true;
        }
        if (!first_of_line) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
        first_of_line = false;
    }
    out += '\n';
}

void append_row(std::string& out, std::string_view left, std::string_view text) {
    const std::size_t start = out.size();
    out += "  ";
    out += left;
    const std::size_t width = out.size() - start;
    if (width + 2 > left_column) {
        out += '\n';
        out.append(left_column, ' ');
    } else {
        out.append(left_column - width, ' ');
    }
    append_wrapped(out, text);
}

std::string option_names(const CLI::Option& option) {
    std::string names;
    for (const std::string& name : option.get_snames())
        names += fmt::format("{}-{}", names.empty() ? "" : ", ", name);
    for (const std::string& name : option.get_lnames())
        names += fmt::format("{}--{}", names.empty() ? "" : ", ", name);
    if (option.get_type_size() != 0) names += " " + option.get_type_name();
    return names;
}

}  // namespace

std::string full_name(const CLI::App& command) {
    const CLI::App* parent = command.get_parent();
    return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

std::string help_formatter::make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const {
    const command_help help = help_of(*app);

    std::string out = app->get_description() + "\n\nUsage: " + full_name(*app) + " " + help.usage + "\n";

    const auto arguments =
        app->get_options([](const CLI::Option* option) { return option->get_positional(); });
    if (!arguments.empty()) out += "\nArguments:\n";
    for (const CLI::Option* option : arguments)
        append_row(out, option->get_name(true, false), option->get_description());

    const auto commands = app->get_subcommands([](const CLI::App*) { return true; });
    if (!commands.empty()) out += "\nCommands:\n";
    for (const CLI::App* command : commands) append_row(out, command->get_name(), command->get_description());

    const auto options = app->get_options([](const CLI::Option* option) { return option->nonpositional(); });
    if (!options.empty()) out += "\nOptions:\n";
    for (const CLI::Option* option : options)
        append_row(out, option_names(*option), option->get_description());

    if (!help.list.entries.empty()) out += "\n" + help.list.heading + ":\n";
    for (const argument_description& entry : help.list.entries) append_row(out, entry.name, entry.meaning);

    if (!help.examples.empty()) out += "\nExamples:\n";
    for (const std::string& example : help.examples) out += "  " + example + "\n";
    if (!help.notes.empty()) out += "\n";
    for (const std::string& note : help.notes) out += note + "\n";
    return out;
}

}  // namespace logstore::app
