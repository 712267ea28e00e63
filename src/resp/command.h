// What commands there are, and what belongs to each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "env/task.h"

namespace logstore::resp {

/// How commands of one connection get along with each other.
enum class command_kind : std::uint8_t {
    immediate,  ///< answered from what the door knows
    key_read,   ///< asks for keys; those that come together are asked for together
    write,      ///< appends; several may be under way together
    alone,      ///< everything else: begins when all before it are done, and nothing begins before it is done
};
inline constexpr std::size_t command_kinds = 4;
/// In the table; for arrays by place.
inline constexpr std::size_t commands_max = 64;

struct immediate_call;
struct key_read_call;
struct write_call;
struct alone_call;

/// One command; plain data with static lifetime.
struct command {
    /// In small letters.
    std::string_view name;
    /// Of arguments, the name counted; negative: at least so many.
    int arity = 0;
    command_kind kind = command_kind::immediate;
    /// In Redis' words, with blanks between them.
    std::string_view flags;
    /// Which arguments are keys in Redis' sense; last −1: to the end.
    int first_key = 0;
    int last_key = 0;
    int key_step = 0;
    std::string_view group;
    std::string_view summary;

    // What does it: the one of its kind.
    void (*run_immediate)(immediate_call& call) = nullptr;
    void (*plan_read)(key_read_call& call) = nullptr;
    void (*answer_read)(key_read_call& call) = nullptr;
    void (*plan_write)(write_call& call) = nullptr;
    void (*answer_write)(write_call& call) = nullptr;
    env::task<void> (*run_alone)(alone_call* call) = nullptr;

    bool takes(std::size_t args) const {
        const auto count = static_cast<int>(args);
        return arity >= 0 ? count == arity : count >= -arity;
    }
};

/// All of them, sorted by name.
std::span<const command> command_table();
/// Whatever letters `name` has; null when there is none.
const command* find_command(std::string_view name);
std::size_t index_of(const command& one);

}  // namespace logstore::resp
