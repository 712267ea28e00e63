// PING, HELLO, CLIENT and the like.
#include "resp/connection_commands.h"

#include <algorithm>

#include <fmt/format.h>

#include "resp/calls.h"
#include "resp/errors.h"
#include "resp/words.h"

namespace logstore::resp {
namespace {

/// The version of Redis whose behaviour clients can expect of the commands that are there.
constexpr std::string_view redis_version = "7.0.15";
constexpr std::string_view wrong_password = "WRONGPASS invalid username-password pair or user is disabled.";
constexpr std::string_view default_user = "default";

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '!' && c <= '~'; });
}

/// As Redis restricts names: nothing that breaks CLIENT LIST.
bool is_legal_text(std::string_view text) {
    return text.size() <= session_text_bytes_max && is_printable(text);
}

std::string unknown_subcommand(std::string_view command, std::string_view asked) {
    constexpr std::size_t shown_bytes = 128;
    std::string name(command);
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return fmt::format("ERR unknown subcommand '{}'. Try {} HELP.", asked.substr(0, shown_bytes), name);
}

/// REQUIRES: `text` is not legal.
std::string illegal_text(std::string_view what, std::string_view text) {
    if (is_printable(text)) return fmt::format("ERR {} cannot have more than {} bytes.", what, session_text_bytes_max);
    return fmt::format("ERR {} cannot contain spaces, newlines or special characters.", what);
}

std::string client_line(const session& who, const serving& with) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(with.now() - who.begun).count();
    return fmt::format("id={} addr={} name={} age={} db=0 cmd={} user={} resp={} lib-name={} lib-ver={}\n", who.id,
                       who.peer, who.name, age, who.last_command, default_user, who.protocol, who.library_name,
                       who.library_version);
}

void set_name(immediate_call& call, std::string_view name) {
    if (!is_legal_text(name)) return call.out.error(illegal_text("Client names", name));
    call.who.name = name;
    call.out.ok();
}

void set_info(immediate_call& call) {
    const std::string_view which = call.args[2], value = call.args[3];
    const bool is_name = is_word(which, "lib-name");
    if (!is_name && !is_word(which, "lib-ver")) {
        constexpr std::size_t shown_bytes = 128;
        return call.out.error(
            fmt::format("ERR Unrecognized option '{}'", which.substr(0, shown_bytes)));
    }
    if (!is_legal_text(value)) return call.out.error(illegal_text(is_name ? "lib-name" : "lib-ver", value));
    (is_name ? call.who.library_name : call.who.library_version) = value;
    call.out.ok();
}

}  // namespace

void run_ping(immediate_call& call) {
    if (call.args.size() > 2) return call.out.error(wrong_arity("ping"));
    if (call.args.size() == 2) return call.out.bulk(call.args[1]);
    call.out.simple("PONG");
}

void run_echo(immediate_call& call) {
    call.out.bulk(call.args[1]);
}

void run_hello(immediate_call& call) {
    int protocol = call.who.protocol;
    std::size_t next = 1;
    if (call.args.size() > 1) {
        const auto asked = number_in<std::int64_t>(call.args[next++]);
        if (!asked) return call.out.error("ERR Protocol version is not an integer or out of range");
        if (*asked < 2 || *asked > 3) return call.out.error("NOPROTO unsupported protocol version");
        protocol = static_cast<int>(*asked);
    }
    std::optional<std::string_view> name;
    while (next < call.args.size()) {
        const std::string_view option = call.args[next];
        const std::size_t left = call.args.size() - next - 1;
        if (is_word(option, "auth") && left >= 2) {
            if (call.args[next + 1] != default_user) return call.out.error(wrong_password);
            next += 3;
        } else if (is_word(option, "setname") && left >= 1) {
            name = call.args[next + 1];
            if (!is_legal_text(*name)) return call.out.error(illegal_text("Client names", *name));
            next += 2;
        } else {
            return call.out.error(fmt::format("ERR Syntax error in HELLO option '{}'", option));
        }
    }
    if (name) call.who.name = *name;
    call.who.protocol = protocol;
    reply_writer out(call.replies, protocol);
    out.map(7);
    out.bulk("server");
    out.bulk("logstore");
    out.bulk("version");
    out.bulk(redis_version);
    out.bulk("proto");
    out.integer(protocol);
    out.bulk("id");
    out.integer(static_cast<std::int64_t>(call.who.id));
    out.bulk("mode");
    out.bulk("standalone");
    out.bulk("role");
    out.bulk("master");
    out.bulk("modules");
    out.array(0);
}

/// There are no passwords: whoever reaches the door may use it.
void run_auth(immediate_call& call) {
    if (call.args.size() > 3) return call.out.error(syntax_error);
    if (call.args.size() == 2) {
        return call.out.error(
            "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
            "configuration is correct?");
    }
    if (call.args[1] != default_user) return call.out.error(wrong_password);
    call.out.ok();
}

void run_select(immediate_call& call) {
    const auto index = number_in<std::int32_t>(call.args[1]);
    if (!index) return call.out.error(not_an_integer);
    if (*index != 0) return call.out.error("ERR DB index is out of range");
    call.out.ok();
}

void run_client(immediate_call& call) {
    struct subcommand {
        std::string_view name;
        std::size_t args_min;
        std::size_t args_max;
        void (*run)(immediate_call& call);
    };
    constexpr std::size_t any = 64;
    static constexpr subcommand known[] = {
        {"setname", 3, 3, [](immediate_call& c) { set_name(c, c.args[2]); }},
        {"getname", 2, 2,
         [](immediate_call& c) {
             if (c.who.name.empty()) return c.out.null();
             c.out.bulk(c.who.name);
         }},
        {"setinfo", 4, 4, set_info},
        {"id", 2, 2, [](immediate_call& c) { c.out.integer(static_cast<std::int64_t>(c.who.id)); }},
        {"info", 2, 2, [](immediate_call& c) { c.out.text(client_line(c.who, c.with)); }},
        // Of this connection: others belong to other threads.
        {"list", 2, any, [](immediate_call& c) { c.out.text(client_line(c.who, c.with)); }},
        {"no-evict", 3, 3, [](immediate_call& c) { c.out.ok(); }},
        {"no-touch", 3, 3, [](immediate_call& c) { c.out.ok(); }},
    };
    const auto found = std::ranges::find_if(
        known, [&](const subcommand& one) { return is_word(call.args[1], one.name); });
    if (found == std::end(known)) return call.out.error(unknown_subcommand("client", call.args[1]));
    if (call.args.size() < found->args_min || call.args.size() > found->args_max)
        return call.out.error(wrong_arity(fmt::format("client|{}", found->name)));
    found->run(call);
}

void run_reset(immediate_call& call) {
    call.who.protocol = 2;
    call.who.name.clear();
    call.out.simple("RESET");
}

void run_quit(immediate_call& call) {
    call.who.is_leaving = true;
    call.out.ok();
}

// --- what there is

namespace {

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

void describe(reply_writer& out, const command& one) {
    constexpr std::size_t parts = 10;
    out.array(parts);
    out.bulk(one.name);
    out.integer(one.arity);
    const auto flags = words_of(one.flags);
    out.set(flags.size());
    for (const std::string_view flag : flags) out.simple(flag);
    out.integer(one.first_key);
    out.integer(one.last_key);
    out.integer(one.key_step);
    // Categories of access, tips, places of keys, subcommands: none.
    out.set(0);
    out.array(0);
    out.array(0);
    out.array(0);
}

void document(reply_writer& out, const command& one) {
    out.bulk(one.name);
    out.map(3);
    out.bulk("summary");
    out.bulk(one.summary);
    out.bulk("since");
    out.bulk("1.0.0");
    out.bulk("group");
    out.bulk(one.group);
}

/// Those that `args` name, or all.
std::vector<const command*> named(std::span<const std::string_view> args) {
    std::vector<const command*> found;
    for (const std::string_view name : args) found.push_back(find_command(name));
    if (!args.empty()) return found;
    for (const command& one : command_table()) found.push_back(&one);
    return found;
}

}  // namespace

void run_command(immediate_call& call) {
    if (call.args.size() == 1 || is_word(call.args[1], "info")) {
        const auto asked = call.args.size() == 1 ? call.args.first(0) : call.args.subspan(2);
        const auto found = named(asked);
        call.out.array(found.size());
        for (const command* one : found) {
            if (one == nullptr) {
                call.out.null_array();
            } else {
                describe(call.out, *one);
            }
        }
    } else if (is_word(call.args[1], "docs")) {
        auto found = named(call.args.subspan(2));
        std::erase(found, nullptr);
        call.out.map(found.size());
        for (const command* one : found) document(call.out, *one);
    } else if (is_word(call.args[1], "count")) {
        if (call.args.size() > 2) return call.out.error(wrong_arity("command|count"));
        call.out.integer(static_cast<std::int64_t>(command_table().size()));
    } else if (is_word(call.args[1], "list")) {
        call.out.array(command_table().size());
        for (const command& one : command_table()) call.out.bulk(one.name);
    } else {
        call.out.error(unknown_subcommand("command", call.args[1]));
    }
}

/// What tools ask before they start: every write is durable, and there is one database.
void run_config(immediate_call& call) {
    if (!is_word(call.args[1], "get")) {
        return call.out.error("ERR this server is configured by its file and command line (logstore serve --help)");
    }
    if (call.args.size() < 3) return call.out.error(wrong_arity("config|get"));
    struct setting {
        std::string_view name;
        std::string value;
    };
    const setting known[] = {
        {"appendfsync", "always"}, {"appendonly", "yes"},
        {"databases", "1"},        {"maxclients", std::to_string(call.with.limits.connections.total_max())},
        {"save", ""},
    };
    std::vector<const setting*> found;
    for (const setting& one : known) {
        const auto asked = call.args.subspan(2);
        const bool is_asked = std::ranges::any_of(
            asked, [&](std::string_view name) { return name == "*" || is_word(name, one.name); });
        if (is_asked) found.push_back(&one);
    }
    call.out.map(found.size());
    for (const setting* one : found) {
        call.out.bulk(one->name);
        call.out.bulk(one->value);
    }
}

void run_info(immediate_call& call) {
    const auto sections = call.args.subspan(1);
    const auto is_wanted = [&](std::string_view name) {
        return sections.empty() || std::ranges::any_of(sections, [&](std::string_view one) {
            return is_word(one, name) || is_word(one, "all") || is_word(one, "everything") || is_word(one, "default");
        });
    };
    std::string lines;
    const auto begin = [&](std::string_view title) {
        if (!is_wanted(in_small(title))) return false;
        if (!lines.empty()) lines += "\r\n";
        lines += fmt::format("# {}\r\n", title);
        return true;
    };
    const server_metrics& metrics = call.with.metrics;
    if (begin("Server")) {
        lines += fmt::format("redis_version:{}\r\nredis_mode:standalone\r\nserver_name:logstore\r\n", redis_version);
        lines += fmt::format("logstore_version:{}\r\n", call.with.options.program_version);
    }
    if (begin("Clients")) {
        lines += fmt::format("connected_clients:{}\r\nmaxclients:{}\r\n", call.with.limits.connections.total(),
                             call.with.limits.connections.total_max());
    }
    if (begin("Persistence")) lines += "loading:0\r\naof_enabled:1\r\naof_last_write_status:ok\r\n";
    // Of the thread that serves this connection; /metrics over HTTP has those of the process.
    if (begin("Stats")) {
        std::uint64_t commands = metrics.unknown_commands;
        for (const std::uint64_t count : metrics.commands) commands += count;
        lines += fmt::format("total_connections_received:{}\r\ntotal_commands_processed:{}\r\n",
                             metrics.connections_accepted, commands);
        lines += fmt::format("total_net_input_bytes:{}\r\ntotal_net_output_bytes:{}\r\n", metrics.received_bytes,
                             metrics.sent_bytes);
        lines += fmt::format("rejected_connections:{}\r\nkeyspace_hits:{}\r\nkeyspace_misses:{}\r\n",
                             metrics.connections_over_limit, metrics.key_hits, metrics.key_reads - metrics.key_hits);
    }
    if (begin("Replication")) lines += "role:master\r\nconnected_slaves:0\r\n";
    if (begin("Cluster")) lines += "cluster_enabled:0\r\n";
    call.out.text(lines);
}

}  // namespace logstore::resp
