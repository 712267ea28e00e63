#include "app/syntax/commands.h"

namespace logstore::app {

void add_repair(command_parser& parser) {
    const auto given = std::make_shared<repair_command>();
    CLI::App& repair = parser.add_command(
        parser.root(), "repair",
        "Read all of a store and say what of it is damaged; with --accept-loss recover the rest. No server "
        "may run on it.",
        {"--data-dir DIR [OPTIONS]",
         {"logstore repair --data-dir /var/lib/logstore",
          "logstore repair --data-dir /var/lib/logstore --accept-loss"},
         {"Exit codes: 0 nothing is damaged, or it was repaired; 1 damage was found and nothing changed, or "
          "it "
          "failed;",
          "4 there is no store."}},
        [&parser, given] {
            given->json = parser.json();
            return *given;
        });
    repair.add_option("--data-dir", given->data_dir, "The store's data directory.")
        ->type_name("DIR")
        ->required();
    repair.add_flag(
        "--accept-loss", given->accept_loss,
        "Give up what is damaged for ever, acknowledged records too, and recover everything else.");
    parser.add_json(repair);
}

}  // namespace logstore::app
