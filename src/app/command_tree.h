// The command line as a description: what completion and the manual page are made from.
#pragma once

#include <string>
#include <vector>

namespace logstore::app {

struct option_description {
    /// "-h", "--help".
    std::vector<std::string> names;
    /// What stands for its value in the help: "HOST:PORT"; empty = it takes none.
    std::string value;
    std::string meaning;
};

struct argument_description {
    std::string name;
    std::string meaning;
};

/// What a command's help explains beside its arguments and options, under a heading.
struct explained_list {
    std::string heading;
    std::vector<argument_description> entries;
};

/// A command, or the program itself, with what lies below it. Plain value.
struct command_description {
    std::string name;
    /// "logstore topic create".
    std::string full_name;
    std::string meaning;
    /// After the full name: "NAME [OPTIONS]".
    std::string usage;
    std::vector<argument_description> arguments;
    std::vector<option_description> options;
    std::vector<command_description> commands;
    explained_list list;
    std::vector<std::string> examples;
    std::vector<std::string> notes;
};

/// As the parser has it (app/syntax).
command_description describe_command_line();

}  // namespace logstore::app
