#include "app/syntax/command_parser.h"

#include <cstdlib>

#include <fmt/format.h>

#include "app/syntax/argument_checks.h"
#include "app/syntax/commands.h"
#include "app/version.h"
#include "config/nearest_name.h"

namespace logstore::app {
namespace {

constexpr const char* default_server = "127.0.0.1:9092";
constexpr const char* server_variable = "LOGSTORE_SERVER";

}  // namespace

command_parser::command_parser() {
    root_.formatter(formatter_);
    root_.set_help_flag("-h,--help", "Show this help; every command has its own.");
    root_.set_version_flag("--version", std::string(version_text()), "Show the version.");
    add_serve(*this);
    add_topic(*this);
    add_produce(*this);
    add_consume(*this);
    add_bench(*this);
    add_inspect(*this);
    add_repair(*this);
    add_completion(*this);
    add_man(*this);
    root_.require_subcommand(1);
    formatter_->add(
        &root_,
        {"COMMAND [OPTIONS]",
         {"logstore serve --data-dir /var/lib/logstore", "logstore topic create events --partitions 8",
          "seq 1 1000 | logstore produce events", "logstore consume events --follow",
          "logstore bench latency --connections 100 --requests 10000"},
         {"Exit codes: 0 done, 1 failed, 2 wrong usage, 3 server unreachable or silent (the outcome may be",
          "unknown), 4 not found, 5 exists already, 130 interrupted."}});
}

CLI::App& command_parser::add_command(CLI::App& parent, const char* name, const char* description,
                                      command_help help, std::function<command()> made) {
    CLI::App& added = *parent.add_subcommand(name, description);
    added.set_help_flag("-h,--help", "Show this help.");
    formatter_->add(&added, std::move(help));
    added.final_callback([this, made = std::move(made)] { chosen_ = made(); });
    return added;
}

CLI::App& command_parser::add_group(CLI::App& parent, const char* name, const char* description,
                                    command_help help) {
    CLI::App& added = *parent.add_subcommand(name, description);
    added.set_help_flag("-h,--help", "Show this help.");
    formatter_->add(&added, std::move(help));
    added.require_subcommand(1);
    return added;
}

void command_parser::add_server_options(CLI::App& command) {
    add_server(command);
    add_json(command);
}

void command_parser::add_server(CLI::App& command) {
    command
        .add_option("--server", server_,
                    fmt::format("The server's address. Default: {} of the environment, else {}.",
                                server_variable, default_server))
        ->type_name("HOST:PORT")
        ->check(check_server);
}

void command_parser::add_json(CLI::App& command, std::string description) {
    command.add_flag("--json", json_, std::move(description));
}

/// The parser's own way to read variables would let each command's option read it, asked for or not.
server_choice command_parser::target() const {
    std::string address = server_;
    if (address.empty()) {
        const char* variable = std::getenv(server_variable);
        address = variable != nullptr ? variable : default_server;
        const std::string wrong = check_server(address);
        if (!wrong.empty()) throw CLI::ValidationError(server_variable, wrong);
    }
    return {env::socket_address::parse(address).value(), json_};
}

command_description command_parser::described(const CLI::App& at) const {
    const command_help help = formatter_->help_of(at);
    command_description made{
        at.get_name(), full_name(at), at.get_description(), help.usage, {}, {}, {}, help.list,
        help.examples, help.notes};
    for (const CLI::Option* option : at.get_options()) {
        if (option->get_positional()) {
            made.arguments.push_back({option->get_name(true, false), option->get_description()});
            continue;
        }
        option_description& described_option = made.options.emplace_back();
        for (const std::string& name : option->get_snames()) described_option.names.push_back("-" + name);
        for (const std::string& name : option->get_lnames()) described_option.names.push_back("--" + name);
        if (option->get_type_size() != 0) described_option.value = option->get_type_name();
        described_option.meaning = option->get_description();
    }
    for (const CLI::App* below : at.get_subcommands([](const CLI::App*) { return true; }))
        made.commands.push_back(described(*below));
    return made;
}

const CLI::App& command_parser::deepest() const {
    const CLI::App* at = &root_;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
    return *at;
}

early_exit command_parser::usage_error(std::string_view what) const {
    const std::string name = full_name(deepest());
    return {exit_code::wrong_usage,
            fmt::format("{}: {}\nRun '{} --help' to see what it takes.\n", name, what, name)};
}

early_exit command_parser::missing_command() const {
    const CLI::App& at = deepest();
    const std::vector<std::string> rest = at.remaining();
    if (rest.empty()) return {exit_code::wrong_usage, at.help()};
    if (rest.front().starts_with('-')) return unexpected_argument();
    std::vector<std::string_view> known;
    for (const CLI::App* command : at.get_subcommands([](const CLI::App*) { return true; }))
        known.push_back(command->get_name());
    const std::string_view meant = config::nearest_name(rest.front(), known);
    return usage_error(fmt::format("there is no command '{}'{}", rest.front(),
                                   meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant)));
}

early_exit command_parser::unexpected_argument() const {
    const CLI::App& at = deepest();
    const std::vector<std::string> rest = at.remaining();
    const std::string& first = rest.front();
    if (!first.starts_with("--")) return usage_error(fmt::format("'{}' is one argument too many", first));
    std::vector<std::string_view> known;
    for (const CLI::Option* option : at.get_options())
        for (const std::string& name : option->get_lnames()) known.push_back(name);
    const std::string_view meant =
        config::nearest_name(std::string_view(first).substr(2, first.find('=') - 2), known);
    return usage_error(fmt::format("there is no option '{}'{}", first,
                                   meant.empty() ? "" : fmt::format("; did you mean '--{}'?", meant)));
}

std::expected<command, early_exit> command_parser::parse(const std::vector<std::string>& arguments) {
    // The parser reports by exceptions; they end here.
    try {
        root_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        return std::unexpected(early_exit{exit_code::success, deepest().help()});
    } catch (const CLI::CallForVersion&) {
        return std::unexpected(early_exit{exit_code::success, std::string(version_text()) + "\n"});
    } catch (const CLI::RequiredError& missing) {
        if (deepest().get_require_subcommand_min() > 0) return std::unexpected(missing_command());
        return std::unexpected(usage_error(missing.what()));
    } catch (const CLI::ExtrasError&) {
        return std::unexpected(unexpected_argument());
    } catch (const CLI::ParseError& wrong) {
        return std::unexpected(usage_error(wrong.what()));
    }
    return std::move(*chosen_);
}

command_description describe_command_line() {
    return command_parser().describe();
}

std::expected<command, early_exit> parse_command_line(const std::vector<std::string>& arguments) {
    return command_parser().parse(arguments);
}

}  // namespace logstore::app
