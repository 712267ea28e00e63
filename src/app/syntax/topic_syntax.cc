#include <limits>

#include "app/syntax/argument_checks.h"
#include "app/syntax/commands.h"

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
                 "Set a topic configuration by Kafka's name for it; may be repeated.")
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

}  // namespace

void add_topic(command_parser& parser) {
    CLI::App& topic = parser.add_group(
        parser.root(), "topic", "Create, list, describe and delete topics.",
        {"COMMAND [OPTIONS]", {"logstore topic create events --partitions 8", "logstore topic list"}, {}});
    add_create(parser, topic);
    add_list(parser, topic);
    add_describe(parser, topic);
    add_delete(parser, topic);
}

}  // namespace logstore::app
