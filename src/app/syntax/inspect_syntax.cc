#include "app/syntax/commands.h"

namespace logstore::app {
namespace {

struct inspected {
    stored_format format;
    const char* name;
    const char* description;
    const char* path;
    const char* example;
};

constexpr inspected formats[] = {
    {stored_format::segment, "segment",
     "Print a segment's record batches and verify them. Exit code 1 when it is damaged, 4 when there is no "
     "such file.",
     "The segment (.log) file.",
     "logstore inspect segment logstore-data/logs/events-0/00000000000000000000.log"},
    {stored_format::journal, "journal",
     "Print a journal file's groups and verify those that a replay needs. Exit code 1 when one of these is "
     "damaged, 4 when there is no such file.",
     "The journal file.", "logstore inspect journal logstore-data/journal/0-0.journal"},
    {stored_format::recovery_points, "recovery-points",
     "Print the recovery points of a store. Exit code 1 when they are damaged, 4 when there is no such file.",
     "The recovery-points file.", "logstore inspect recovery-points logstore-data/recovery/1-0.points"},
};

}  // namespace

void add_inspect(command_parser& parser) {
    CLI::App& group =
        parser.add_group(parser.root(), "inspect", "Read stored files, without a server, and verify them.",
                         {"COMMAND PATH [OPTIONS]", {formats[0].example}, {}});
    const auto path = std::make_shared<std::string>();
    for (const inspected& one : formats) {
        CLI::App& inspect = parser.add_command(
            group, one.name, one.description, {"PATH [OPTIONS]", {one.example}, {}},
            [&parser, path, format = one.format] { return inspect_command{format, *path, parser.json()}; });
        inspect.add_option("PATH", *path, one.path)->required();
        parser.add_json(inspect, "Print one JSON object a line.");
    }
}

}  // namespace logstore::app
