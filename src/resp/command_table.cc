// The commands: the single source of names, arities and what clients are told of them.
#include <algorithm>
#include <array>

#include "resp/command.h"
#include "resp/connection_commands.h"
#include "resp/key_commands.h"
#include "resp/scan_commands.h"
#include "resp/stream_commands.h"
#include "resp/words.h"

namespace logstore::resp {
namespace {

constexpr command now(std::string_view name, int arity, void (*run)(immediate_call&), std::string_view group,
                      std::string_view summary) {
    command made;
    made.name = name;
    made.arity = arity;
    made.kind = command_kind::immediate;
    made.flags = "noscript loading stale fast";
    made.group = group;
    made.summary = summary;
    made.run_immediate = run;
    return made;
}

constexpr command reading(std::string_view name, int arity, int last_key, void (*plan)(key_read_call&),
                          void (*answer)(key_read_call&), std::string_view group, std::string_view summary) {
    command made;
    made.name = name;
    made.arity = arity;
    made.kind = command_kind::key_read;
    made.flags = "readonly fast";
    made.first_key = made.key_step = 1;
    made.last_key = last_key;
    made.group = group;
    made.summary = summary;
    made.plan_read = plan;
    made.answer_read = answer;
    return made;
}

constexpr command writing(std::string_view name, int arity, int last_key, void (*plan)(write_call&),
                          void (*answer)(write_call&), std::string_view group, std::string_view summary) {
    command made;
    made.name = name;
    made.arity = arity;
    made.kind = command_kind::write;
    made.flags = "write denyoom fast";
    made.first_key = made.key_step = 1;
    made.last_key = last_key;
    made.group = group;
    made.summary = summary;
    made.plan_write = plan;
    made.answer_write = answer;
    return made;
}

constexpr command alone(std::string_view name, int arity, int first_key, env::task<void> (*run)(alone_call*),
                        std::string_view group, std::string_view summary, std::string_view flags = "readonly") {
    command made;
    made.name = name;
    made.arity = arity;
    made.kind = command_kind::alone;
    made.flags = flags;
    made.first_key = made.last_key = made.key_step = first_key;
    made.group = group;
    made.summary = summary;
    made.run_alone = run;
    return made;
}

constexpr std::string_view connection = "connection", general = "generic", hashes = "hash", server = "server",
                           streams = "stream", strings = "string";

constexpr std::array table{
    now("auth", -2, run_auth, connection, "Authenticates the connection: there are no passwords"),
    now("client", -2, run_client, connection, "Names and describes the connection"),
    now("command", -1, run_command, server, "Describes the commands"),
    now("config", -2, run_config, server, "Tells what some settings of Redis would be"),
    alone("dbsize", 1, 0, run_dbsize, server, "Counts the topics, and the keys that are no fields", "readonly fast"),
    writing("del", -2, -1, plan_del, answer_deleted, general, "Deletes keys"),
    now("echo", 2, run_echo, connection, "Answers with its argument"),
    reading("exists", -2, -1, plan_keys_without_values, answer_existing, general, "Counts those that are there"),
    reading("get", 2, 1, plan_keys, answer_value, strings, "The value of a key"),
    writing("getdel", 2, 1, plan_getdel, answer_previous, strings, "The value of a key, which is deleted"),
    writing("getset", 3, 1, plan_getset, answer_previous, strings, "Sets a key; the value that it had"),
    writing("hdel", -3, 1, plan_hdel, answer_deleted, hashes, "Deletes fields"),
    now("hello", -1, run_hello, connection, "Chooses the version of the protocol"),
    reading("hexists", 3, 1, plan_fields_without_values, answer_presence, hashes, "Whether a field is there"),
    reading("hget", 3, 1, plan_fields, answer_value, hashes, "The value of a field"),
    alone("hgetall", 2, 1, run_hgetall, hashes, "All fields and values, where they are few"),
    alone("hkeys", 2, 1, run_hkeys, hashes, "All fields, where they are few"),
    alone("hlen", 2, 1, run_hlen, hashes, "How many fields there are", "readonly fast"),
    reading("hmget", -3, 1, plan_fields, answer_values, hashes, "The values of fields"),
    writing("hmset", -4, 1, plan_hset, answer_ok, hashes, "Sets fields"),
    alone("hrandfield", -2, 1, run_hrandfield, hashes, "Fields at random"),
    alone("hscan", -3, 1, run_hscan, hashes, "Some fields and values, and where to go on"),
    writing("hset", -4, 1, plan_hset, answer_added, hashes, "Sets fields"),
    writing("hsetnx", 4, 1, plan_hsetnx, answer_written, hashes, "Sets a field that is not there"),
    reading("hstrlen", 3, 1, plan_fields, answer_length, hashes, "The length of a field's value"),
    alone("hvals", 2, 1, run_hvals, hashes, "All values, where they are few"),
    now("info", -1, run_info, server, "Tells of the server"),
    reading("mget", -2, -1, plan_keys, answer_values, strings, "The values of keys"),
    writing("mset", -3, -1, plan_mset, answer_ok, strings, "Sets keys"),
    now("ping", -1, run_ping, connection, "Answers, with its argument where there is one"),
    now("quit", -1, run_quit, connection, "Closes the connection"),
    now("reset", 1, run_reset, connection, "Makes the connection as it was at its beginning"),
    alone("scan", -2, 0, run_scan, general, "Some of the keys that are no fields, and where to go on"),
    now("select", 2, run_select, connection, "Chooses the database: there is one, 0"),
    writing("set", -3, 1, plan_set, answer_set, strings, "Sets a key"),
    writing("setnx", 3, 1, plan_setnx, answer_written, strings, "Sets a key that is not there"),
    reading("strlen", 2, 1, plan_keys, answer_length, strings, "The length of a key's value"),
    reading("type", 2, 1, plan_keys_without_values, answer_type, general, "What stands behind a name"),
    writing("unlink", -2, -1, plan_del, answer_deleted, general, "Deletes keys"),
    writing("xadd", -5, 1, plan_xadd, answer_xadd, streams, "Appends a record"),
    alone("xlen", 2, 1, run_xlen, streams, "How many records there are", "readonly fast"),
    alone("xrange", -4, 1, run_xrange, streams, "Records from one id to another"),
    alone("xread", -4, 0, run_xread, streams, "Records behind those that were seen; waits for them when told to",
          "readonly blocking movablekeys"),
    alone("xrevrange", -4, 1, run_xrevrange, streams, "Records from one id back to another"),
};
static_assert(table.size() <= commands_max);
static_assert(std::ranges::is_sorted(table, {}, &command::name));

}  // namespace

std::span<const command> command_table() {
    return table;
}

const command* find_command(std::string_view name) {
    constexpr std::size_t name_bytes_max = 16;
    if (name.size() > name_bytes_max) return nullptr;
    std::array<char, name_bytes_max> letters;
    std::ranges::transform(name, letters.begin(), [](char c) { return in_small(c); });
    const std::string_view small(letters.data(), name.size());
    const auto found = std::ranges::lower_bound(table, small, {}, &command::name);
    return found != table.end() && found->name == small ? &*found : nullptr;
}

std::size_t index_of(const command& one) {
    return static_cast<std::size_t>(&one - table.data());
}

}  // namespace logstore::resp
