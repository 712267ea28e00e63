// The commands about the program itself.
#include <fmt/format.h>

#include "app/syntax/commands.h"

namespace logstore::app {

void add_completion(command_parser& parser) {
    const auto shell = std::make_shared<std::string>();
    CLI::App& completion = parser.add_command(
        parser.root(), "completion", "Print a script that completes commands in a shell.",
        {"SHELL",
         {"source <(logstore completion bash)",
          "logstore completion bash > ~/.local/share/bash-completion/completions/logstore",
          "logstore completion zsh > ~/.zfunc/_logstore",
          "logstore completion fish > ~/.config/fish/completions/logstore.fish"},
         {"Topics are completed too: the server is asked for them, for a second at most."}},
        [shell] { return completion_command{shell_of_name(*shell).value()}; });
    completion.add_option("SHELL", *shell, "bash, zsh or fish.")
        ->required()
        ->check([](const std::string& name) -> std::string {
            if (shell_of_name(name)) return {};
            return fmt::format("'{}' is not bash, zsh or fish", name);
        });
}

void add_man(command_parser& parser) {
    parser.add_command(
        parser.root(), "man", "Print the manual page.",
        {"", {"logstore man | man -l -", "logstore man > /usr/local/share/man/man1/logstore.1"}, {}},
        [] { return man_command(); });
}

}  // namespace logstore::app
