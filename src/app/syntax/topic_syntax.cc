#include <algorithm>
#include <limits>

#include "app/syntax/argument_checks.h"
#include "app/syntax/commands.h"
#include "app/topic_config_explanations.h"

namespace logstore::app {
namespace {

struct create_given {
    std::string name, partitions;
    std::vector<std::string> configs;
};

void add_create(command_parser& parser, CLI::App& topic) {
    const auto given = std::make_shared<create_given>();
    CLI::App& create = parser.add_command(
        topic, "create", "Create a topic.",
        {"NAME [OPTIONS]",
         {"logstore topic create events --partitions 8",
          "logstore topic create audit --config retention.ms=-1 --config segment.bytes=268435456"},
         {}},
        [&parser, given] {
            create_topic_command made{parser.target(), given->name, optional_count(given->partitions), {}};
            for (const std::string& text : given->configs) made.configs.push_back(split_at_equals(text));
            return made;
        });
    add_topic_name(create, "NAME", given->name, "The new topic's name.");
    add_number(create, "--partitions", given->partitions, config::unit::none, 1,
               std::numeric_limits<std::int32_t>::max(),
               "How many partitions. Default: what the server is configured with.");
    add_repeated(create, "--config", given->configs,
                 "Set a topic configuration by Kafka's name for it; may be repeated. 'logstore topic config "
                 "--help' lists them.")
        ->type_name("NAME=VALUE")
        ->check(check_topic_config);
    parser.add_server_options(create);
}

void add_list(command_parser& parser, CLI::App& topic) {
    CLI::App& list =
        parser.add_command(topic, "list", "List the topics.",
                           {"[OPTIONS]", {"logstore topic list", "logstore topic list --json"}, {}},
                           [&parser] { return list_topics_command{parser.target()}; });
    parser.add_server_options(list);
}

void add_describe(command_parser& parser, CLI::App& topic) {
    const auto name = std::make_shared<std::string>();
    CLI::App& describe =
        parser.add_command(topic, "describe", "Show a topic's partitions, leaders and offsets.",
                           {"NAME [OPTIONS]", {"logstore topic describe events"}, {}},
                           [&parser, name] { return describe_topic_command{parser.target(), *name}; });
    add_topic_name(describe, "NAME", *name, "The topic.");
    parser.add_server_options(describe);
}

struct delete_given {
    std::string name;
    bool confirmed = false;
};

void add_delete(command_parser& parser, CLI::App& topic) {
    const auto given = std::make_shared<delete_given>();
    CLI::App& remove = parser.add_command(
        topic, "delete", "Delete a topic with all its records.",
        {"NAME [OPTIONS]", {"logstore topic delete events", "logstore topic delete events --yes"}, {}},
        [&parser, given] { return delete_topic_command{parser.target(), given->name, given->confirmed}; });
    add_topic_name(remove, "NAME", given->name, "The topic.");
    remove.add_flag("-y,--yes", given->confirmed,
                    "Do not ask. Required where standard input is not a terminal.");
    parser.add_server_options(remove);
}

struct add_partitions_given {
    std::string name, partitions;
    bool dry_run = false;
};

void add_add_partitions(command_parser& parser, CLI::App& topic) {
    const auto given = std::make_shared<add_partitions_given>();
    CLI::App& grow = parser.add_command(topic, "add-partitions", "Give a topic more partitions.",
                                        {"NAME --partitions N [OPTIONS]",
                                         {"logstore topic add-partitions events --partitions 12"},
                                         {"The partition of a key changes with their number: records of one "
                                          "key are then in two partitions."}},
                                        [&parser, given] {
                                            return add_partitions_command{parser.target(), given->name,
                                                                          *optional_count(given->partitions),
                                                                          given->dry_run};
                                        });
    add_topic_name(grow, "NAME", given->name, "The topic.");
    add_number(grow, "--partitions", given->partitions, config::unit::none, 1,
               std::numeric_limits<std::int32_t>::max(),
               "How many there shall be, those that exist included.")
        ->required();
    grow.add_flag("--dry-run", given->dry_run, "Only say whether it could be done.");
    parser.add_server_options(grow);
}

struct config_given {
    std::string name;
    std::vector<std::string> keys;
    bool explain = false;
};

void add_config(command_parser& parser, CLI::App& topic) {
    const auto given = std::make_shared<config_given>();
    CLI::App& config = parser.add_command(
        topic, "config", "Show a topic's configuration and where each value comes from.",
        {"NAME [OPTIONS]",
         {"logstore topic config events", "logstore topic config events --key retention.ms --json"},
         {},
         {"Configurations, set by 'logstore topic create --config'", topic_config_explanations()}},
        [&parser, given] {
            return topic_config_command{parser.target(), given->name, given->keys, given->explain};
        });
    add_topic_name(config, "NAME", given->name, "The topic.");
    add_repeated(config, "--key", given->keys, "Show this one; may be repeated. Default: all.")
        ->type_name("KEY");
    config.add_flag("--explain", given->explain, "Say what each means.");
    parser.add_server_options(config);
}

struct trim_given {
    std::string name, before;
    std::vector<std::string> partitions;
    bool confirmed = false;
};

trim_topic_command trim_of(const trim_given& given, server_choice target) {
    trim_topic_command made{target, given.name, {}, {}, given.confirmed};
    if (given.before != trim_everything) made.before = number_in(config::unit::none, given.before);
    for (const std::string& text : given.partitions) {
        const auto one = static_cast<std::int32_t>(number_in(config::unit::none, text));
        if (std::ranges::find(made.partitions, one) == made.partitions.end()) made.partitions.push_back(one);
    }
    return made;
}

void add_trim(command_parser& parser, CLI::App& topic) {
    const auto given = std::make_shared<trim_given>();
    CLI::App& trim = parser.add_command(topic, "trim", "Delete the oldest records of a topic.",
                                        {"NAME --before OFFSET [OPTIONS]",
                                         {"logstore topic trim events --before 1000 --partition 0",
                                          "logstore topic trim events --before end --yes"},
                                         {}},
                                        [&parser, given] { return trim_of(*given, parser.target()); });
    add_topic_name(trim, "NAME", given->name, "The topic.");
    trim.add_option("--before", given->before,
                    "Delete the records below this offset; 'end' deletes all that there are now.")
        ->type_name("OFFSET")
        ->required()
        ->check(check_trim_offset);
    add_repeated(trim, "--partition", given->partitions, "In this partition; may be repeated. Default: all.")
        ->type_name("N")
        ->check(check_quantity(config::unit::none, 0, std::numeric_limits<std::int32_t>::max()));
    trim.add_flag("-y,--yes", given->confirmed,
                  "Do not ask. Required where standard input is not a terminal.");
    parser.add_server_options(trim);
}

void add_sizes(command_parser& parser, CLI::App& topic) {
    const auto names = std::make_shared<std::vector<std::string>>();
    CLI::App& sizes = parser.add_command(
        topic, "sizes", "Show what partitions take on disk, and the room there is.",
        {"[NAME...] [OPTIONS]", {"logstore topic sizes", "logstore topic sizes events --json"}, {}},
        [&parser, names] { return topic_sizes_command{parser.target(), *names}; });
    sizes.add_option("NAME", *names, "The topics. Default: all.")->check(check_topic_name);
    parser.add_server_options(sizes);
}

}  // namespace

void add_topic(command_parser& parser) {
    CLI::App& topic = parser.add_group(
        parser.root(), "topic", "Topics: create, show, grow, trim and delete them.",
        {"COMMAND [OPTIONS]", {"logstore topic create events --partitions 8", "logstore topic list"}, {}});
    add_create(parser, topic);
    add_list(parser, topic);
    add_describe(parser, topic);
    add_config(parser, topic);
    add_sizes(parser, topic);
    add_add_partitions(parser, topic);
    add_trim(parser, topic);
    add_delete(parser, topic);
}

}  // namespace logstore::app
