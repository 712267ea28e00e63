#include "config/toml_entries.h"

// clang-format off: the order matters
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/impl/preprocessor.h>
// The parser states its beliefs about the text as assertions, as assumptions with NDEBUG, and text can break them
// ("[[["). Without them it goes on to its own error branches.
#undef TOML_ASSERT
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT(belief) static_cast<void>(0)
#define TOML_ASSERT_ASSUME(belief) static_cast<void>(0)
#include <toml++/toml.h>
// clang-format on

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "config/errc.h"

namespace logstore::config {
namespace {

/// Walks nested tables. The library bounds their depth, so recursion is safe.
result<> flatten(const toml::table& table, const std::string& prefix, std::string_view source,
                 std::vector<toml_entry>& out) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        if (const toml::table* inner = node.as_table()) {
            LOGSTORE_TRY(flatten(*inner, name + ".", source, out));
            continue;
        }
        const std::uint32_t line = node.source().begin.line;
        if (const auto* number = node.as_integer()) {
            out.push_back({name, number->get(), line});
        } else if (const auto* on = node.as_boolean()) {
            out.push_back({name, on->get(), line});
        } else if (const auto* text = node.as_string()) {
            out.push_back({name, text->get(), line});
        } else {
            return fail(errc::invalid_configuration,
                        fmt::format("{}:{}: {} must be a number, true, false or text", source, line, name));
        }
    }
    return {};
}

}  // namespace

result<std::vector<toml_entry>> read_toml_entries(std::string_view toml, std::string_view source) {
    const toml::parse_result parsed = toml::parse(toml);
    if (!parsed) {
        return fail(errc::invalid_configuration,
                    fmt::format("{}:{}: {}", source, parsed.error().source().begin.line,
                                parsed.error().description()));
    }
    std::vector<toml_entry> entries;
    LOGSTORE_TRY(flatten(parsed.table(), "", source, entries));
    std::ranges::sort(entries, {}, [](const toml_entry& entry) { return std::tie(entry.line, entry.name); });
    return entries;
}

}  // namespace logstore::config
