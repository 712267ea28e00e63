#include "config/option_text.h"

#include <fmt/format.h>

namespace logstore::config {
namespace {

constexpr std::size_t comment_columns_max = 110;

void append_comment(std::string& out, std::string_view text) {
    while (!text.empty()) {
        std::size_t cut = text.size();
        if (cut + 2 > comment_columns_max) {
            cut = text.rfind(' ', comment_columns_max - 2);
            if (cut == std::string_view::npos) cut = text.size();
        }
        out.append("# ").append(text.substr(0, cut)).append("\n");
        text.remove_prefix(std::min(cut + 1, text.size()));
    }
}

/// The default for a person: 64 MiB, "", true.
std::string readable_default(const option& about) {
    const option_value initial = about.initial();
    if (about.is_number()) return readable_number(about.counts, std::get<std::int64_t>(initial));
    return render_value(about, initial);
}

/// What a plain number in the file counts; a default or bounds such as 0 and -1 do not show it.
std::string_view unit_sentence(unit counts) {
    switch (counts) {
        case unit::none: return "";
        case unit::bytes: return "In bytes. ";
        case unit::milliseconds: return "In milliseconds. ";
    }
    return "";
}

void append_option(std::string& out, const server_option& about, const server_options& options) {
    append_comment(out, about.meaning);
    const std::string bounds = describe_bounds(about);
    std::string facts = fmt::format("{}Default: {}{}{}.", unit_sentence(about.counts), readable_default(about),
                                    bounds.empty() ? "" : "; ", bounds);
    if (!about.example.empty()) facts += fmt::format(" Example: {}.", about.example);
    if (!about.kafka_name.empty()) facts += fmt::format(" Kafka's name: {}.", about.kafka_name);
    if (!about.needs_restart) facts += " Takes effect without a restart.";
    append_comment(out, facts);
    out += fmt::format("{} = {}\n\n", about.key(), render_value(about, about.read(options)));
}

/// The characters that would end a table cell or become markup.
std::string escaped_cell(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '|' || c == '<') out += '\\';
        out += c;
    }
    return out;
}

constexpr std::string_view print_head =
    "logstore configuration. Numbers of bytes and milliseconds may be written as text with a unit "
    "(\"64MiB\", \"10s\"). "
    "Every option needs a restart unless it says otherwise.";

}  // namespace

std::string print_config(const server_options& options) {
    std::string out;
    append_comment(out, print_head);
    out += '\n';
    std::string_view section;
    for (const server_option& about : server_option_table()) {
        if (about.section() != section) out += fmt::format("[{}]\n\n", about.section());
        section = about.section();
        append_option(out, about, options);
    }
    out.pop_back();  // one newline ends the file
    return out;
}

std::string options_markdown() {
    std::string out =
        "# Options of the server\n\n"
        "Set in the configuration file (TOML; a dot in a name separates table and key) or on the command "
        "line with "
        "`--set name=value`. Numbers of bytes and milliseconds may carry a unit: `\"64MiB\"`, `\"10s\"`. "
        "Every option needs a restart unless it says otherwise. Kafka's names are accepted where one is "
        "given.\n";
    std::string_view section = "none yet";
    for (const server_option& about : server_option_table()) {
        if (about.section() != section) {
            section = about.section();
            out += fmt::format("\n## {}\n\n| option | default | bounds | meaning |\n|---|---|---|---|\n",
                               section.empty() ? "The process" : section);
        }
        std::string meaning = escaped_cell(about.meaning);
        if (!about.example.empty()) meaning += fmt::format(" Example: `{}`.", about.example);
        if (!about.kafka_name.empty()) meaning += fmt::format(" Kafka's name: `{}`.", about.kafka_name);
        if (!about.needs_restart) meaning += " Takes effect without a restart.";
        out += fmt::format("| `{}` | {} | {} | {} |\n", about.name, readable_default(about),
                           escaped_cell(describe_bounds(about)), meaning);
    }
    return out;
}

}  // namespace logstore::config
