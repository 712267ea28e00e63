#include "app/completion.h"

#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace logstore::app {
namespace {

/// What can stand where a value stands.
enum class value_kind { anything, words, files, topics };

struct value_choice {
    value_kind kind = value_kind::anything;
    /// Of words.
    std::string words;
};

/// By what stands for the value in the help.
value_choice choice_of(std::string_view command, std::string_view placeholder) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> fixed{{
        {"CODEC", "none gzip snappy lz4 zstd"},
        {"PLACE", "beginning end offset: last: time:"},
        {"FORMAT", "value json"},
        {"SHELL", "bash zsh fish"},
    }};
    for (const auto& [name, words] : fixed)
        if (placeholder == name) return {value_kind::words, std::string(words)};
    if (placeholder == "FILE" || placeholder == "DIR" || placeholder == "PATH")
        return {value_kind::files, {}};
    const bool is_topic = placeholder == "TOPIC" || placeholder == "NAME";
    if (is_topic && command != "logstore topic create") return {value_kind::topics, {}};
    if (placeholder.find('|') == std::string_view::npos) return {};
    value_choice choice{value_kind::words, std::string(placeholder)};
    for (char& one : choice.words)
        if (one == '|') one = ' ';
    return choice;
}

/// Visits `at` and all below it.
template <class Visit>
void for_each_command(const command_description& at, Visit visit) {
    visit(at);
    for (const command_description& below : at.commands) for_each_command(below, visit);
}

std::string option_words(const command_description& command) {
    std::string words;
    for (const option_description& option : command.options)
        for (const std::string& name : option.names) words += (words.empty() ? "" : " ") + name;
    return words;
}

std::string command_words(const command_description& command) {
    std::string words;
    for (const command_description& below : command.commands)
        words += (words.empty() ? "" : " ") + below.name;
    return words;
}

std::string alternatives(const std::vector<std::string>& names) {
    std::string joined;
    for (const std::string& name : names) joined += (joined.empty() ? "" : "|") + name;
    return joined;
}

/// "'it'\''s'".
std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char one : text) out += one == '\'' ? std::string("'\\''") : std::string(1, one);
    return out + "'";
}

/// Every way from the program to a command below it, as patterns of `case`.
std::string known_ways(const command_description& program) {
    std::string ways;
    for_each_command(program, [&](const command_description& command) {
        if (&command != &program) ways += (ways.empty() ? "\"" : "|\"") + command.full_name + "\"";
    });
    return ways;
}

// --- bash

std::string bash_values(const value_choice& choice) {
    switch (choice.kind) {
        case value_kind::anything: return "return";
        case value_kind::words: return fmt::format("_logstore_words '{}'; return", choice.words);
        case value_kind::files:
            return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return";
        case value_kind::topics: return "_logstore_words \"$(_logstore_topics)\"; return";
    }
    return "return";
}

std::string bash_command(const command_description& command) {
    std::string out = fmt::format("        \"{}\")\n            case \"$previous\" in\n", command.full_name);
    for (const option_description& option : command.options) {
        if (option.value.empty()) continue;
        out += fmt::format("                {}) {} ;;\n", alternatives(option.names),
                           bash_values(choice_of(command.full_name, option.value)));
    }
    out += "            esac\n";
    out += fmt::format("            if [[ $current == -* ]]; then _logstore_words '{}'; return; fi\n",
                       option_words(command));
    if (!command.commands.empty())
        out += fmt::format("            _logstore_words '{}'\n", command_words(command));
    else if (!command.arguments.empty())
        out += fmt::format("            {}\n",
                           bash_values(choice_of(command.full_name, command.arguments[0].name)));
    return out + "            ;;\n";
}

std::string bash_script(const command_description& program) {
    std::string out = R"(# Completion of logstore for bash: source <(logstore completion bash)
_logstore_topics() {
    local server=()
    [[ $COMP_LINE =~ --server[\ =]+([^\ ]+) ]] && server=(--server "${BASH_REMATCH[1]}")
    timeout 1 "${COMP_WORDS[0]}" topic list "${server[@]}" 2> /dev/null | awk 'NR > 1 { print $1 }'
}
_logstore_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]]; then compopt -o nospace; fi
}
_logstore() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} way=logstore i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$way ${COMP_WORDS[i]}" in
            )";
    out += known_ways(program) + ") way+=\" ${COMP_WORDS[i]}\" ;;\n        esac\n    done\n";
    out += "    case $way in\n";
    for_each_command(program, [&](const command_description& command) { out += bash_command(command); });
    return out + "    esac\n}\ncomplete -F _logstore logstore\n";
}

// --- zsh

/// "name:meaning", as _describe takes it.
std::string zsh_described(std::string_view name, std::string_view meaning) {
    std::string plain(name);
    for (std::size_t at = plain.find(':'); at != std::string::npos; at = plain.find(':', at + 2))
        plain.insert(at, "\\");
    return quoted(plain + ":" + std::string(meaning));
}

std::string zsh_values(const value_choice& choice) {
    switch (choice.kind) {
        case value_kind::anything: return "return";
        case value_kind::words: return fmt::format("compadd -- {}; return", choice.words);
        case value_kind::files: return "_files; return";
        case value_kind::topics: return "compadd -- $(_logstore_topics); return";
    }
    return "return";
}

std::string zsh_command(const command_description& command) {
    std::string out = fmt::format("        \"{}\")\n            case $previous in\n", command.full_name);
    for (const option_description& option : command.options) {
        if (option.value.empty()) continue;
        out += fmt::format("                {}) {} ;;\n", alternatives(option.names),
                           zsh_values(choice_of(command.full_name, option.value)));
    }
    out += "            esac\n            if [[ $current == -* ]]; then\n                described=(";
    for (const option_description& option : command.options)
        for (const std::string& name : option.names)
            out += "\n                    " + zsh_described(name, option.meaning);
    out += ")\n                _describe -o option described\n                return\n            fi\n";
    if (!command.commands.empty()) {
        out += "            described=(";
        for (const command_description& below : command.commands)
            out += "\n                " + zsh_described(below.name, below.meaning);
        out += ")\n            _describe command described\n";
    } else if (!command.arguments.empty()) {
        out += fmt::format("            {}\n",
                           zsh_values(choice_of(command.full_name, command.arguments[0].name)));
    }
    return out + "            ;;\n";
}

std::string zsh_script(const command_description& program) {
    std::string out = R"(#compdef logstore
# Completion of logstore for zsh: source <(logstore completion zsh), or a file _logstore in a folder of $fpath.
_logstore_topics() {
    local -a server
    local at=${words[(i)--server]}
    (( at < CURRENT )) && server=(--server ${words[at + 1]})
    timeout 1 ${words[1]} topic list $server 2> /dev/null | awk 'NR > 1 { print $1 }'
}
_logstore() {
    local current=${words[CURRENT]} previous=${words[CURRENT - 1]} way=logstore i
    local -a described
    for (( i = 2; i < CURRENT; i++ )); do
        case "$way ${words[i]}" in
            )";
    out += known_ways(program) + ") way+=\" ${words[i]}\" ;;\n        esac\n    done\n";
    out += "    case $way in\n";
    for_each_command(program, [&](const command_description& command) { out += zsh_command(command); });
    out += "    esac\n}\n";
    return out +
           "if [[ $funcstack[1] == _logstore ]]; then _logstore \"$@\"; else compdef _logstore logstore; "
           "fi\n";
}

// --- fish

std::string fish_option(const command_description& command, const option_description& option) {
    std::string out = fmt::format("complete -c logstore -n '__logstore_at \"{}\"'", command.full_name);
    for (const std::string& name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    const value_choice choice = choice_of(command.full_name, option.value);
    if (!option.value.empty()) out += choice.kind == value_kind::files ? " -r -F" : " -x";
    if (choice.kind == value_kind::words) out += " -a " + quoted(choice.words);
    if (choice.kind == value_kind::topics) out += " -a '(__logstore_topics)'";
    std::string meaning = option.meaning;
    for (std::size_t at = meaning.find('\\'); at != std::string::npos; at = meaning.find('\\', at + 2))
        meaning.insert(at, "\\");
    std::string fish_quoted;
    for (const char one : meaning) fish_quoted += one == '\'' ? std::string("\\'") : std::string(1, one);
    return out + " -d '" + fish_quoted + "'\n";
}

std::string fish_command(const command_description& command) {
    std::string out;
    const std::string at = fmt::format("complete -c logstore -n '__logstore_at \"{}\"'", command.full_name);
    for (const command_description& below : command.commands)
        out += fmt::format("{} -a {} -d {}\n", at, below.name, quoted(below.meaning));
    if (command.commands.empty() && !command.arguments.empty()) {
        const value_choice choice = choice_of(command.full_name, command.arguments[0].name);
        if (choice.kind == value_kind::topics) out += at + " -a '(__logstore_topics)'\n";
        if (choice.kind == value_kind::words) out += at + " -a " + quoted(choice.words) + "\n";
        if (choice.kind == value_kind::files) out += at + " -F\n";
    }
    for (const option_description& option : command.options) out += fish_option(command, option);
    return out;
}

std::string fish_script(const command_description& program) {
    std::string out = R"(# Completion of logstore for fish: logstore completion fish | source
function __logstore_at
    set -l way logstore
    for word in (commandline -opc)[2..]
        switch "$way $word"
            case )";
    for_each_command(program, [&](const command_description& command) {
        if (&command != &program) out += quoted(command.full_name) + " ";
    });
    out += R"(
                set way "$way $word"
        end
    end
    test "$way" = "$argv[1]"
end
function __logstore_topics
    set -l words (commandline -opc)
    set -l server
    if set -l at (contains -i -- --server $words)
        set server --server $words[(math $at + 1)]
    end
    timeout 1 $words[1] topic list $server 2> /dev/null | awk 'NR > 1 { print $1 }'
end
complete -c logstore -f
)";
    for_each_command(program, [&](const command_description& command) { out += fish_command(command); });
    return out;
}

}  // namespace

std::optional<shell> shell_of_name(std::string_view name) {
    if (name == "bash") return shell::bash;
    if (name == "zsh") return shell::zsh;
    if (name == "fish") return shell::fish;
    return std::nullopt;
}

std::string completion_script(shell which, const command_description& program) {
    switch (which) {
        case shell::bash: return bash_script(program);
        case shell::zsh: return zsh_script(program);
        case shell::fish: return fish_script(program);
    }
    return {};
}

}  // namespace logstore::app
