#include "app/syntax/argument_checks.h"
#include "app/syntax/commands.h"

namespace logstore::app {
namespace {

struct serve_options_given {
    std::string data_dir, kafka, advertise, http, resp, shards;
    std::vector<std::string> settings;
    serve_command serve;
};

serve_command serve_of(const serve_options_given& given) {
    serve_command made = given.serve;
    for (const std::string& text : given.settings)
        made.overrides.push_back(config::parse_override(text).value());
    const std::pair<const char*, const std::string*> flags[] = {{"data_dir", &given.data_dir},
                                                                {"kafka.listen", &given.kafka},
                                                                {"kafka.advertise", &given.advertise},
                                                                {"http.listen", &given.http},
                                                                {"resp.listen", &given.resp},
                                                                {"shards", &given.shards}};
    for (const auto& [option, text] : flags)
        if (!text->empty()) made.overrides.push_back({option, *text});
    return made;
}

}  // namespace

void add_serve(command_parser& parser) {
    const auto given = std::make_shared<serve_options_given>();
    CLI::App& serve =
        parser.add_command(parser.root(), "serve", "Run a server.",
                           {"[OPTIONS]",
                            {"logstore serve --data-dir /var/lib/logstore",
                             "logstore serve --config /etc/logstore.toml --set topics.retention_ms=1d",
                             "logstore serve --print-config > logstore.toml"},
                            {}},
                           [given] { return serve_of(*given); });
    serve
        .add_option("--data-dir", given->data_dir,
                    "Where everything is stored; made when absent. Default: logstore-data.")
        ->type_name("DIR");
    serve.add_option("--kafka", given->kafka, "Where Kafka clients are served. Default: 127.0.0.1:9092.")
        ->type_name("HOST:PORT");
    serve
        .add_option("--advertise", given->advertise,
                    "The address clients are told. Default: the one of --kafka.")
        ->type_name("HOST:PORT");
    serve.add_option("--http", given->http, "Where HTTP clients are served. Default: not at all.")
        ->type_name("HOST:PORT");
    serve.add_option("--resp", given->resp, "Where Redis clients are served. Default: not at all.")
        ->type_name("HOST:PORT");
    serve
        .add_option("--shards", given->shards,
                    "Threads that own tablets and connections. Default: one a core.")
        ->type_name("N");
    serve.add_option("--config", given->serve.config_file, "Read options from this TOML file.")
        ->type_name("FILE");
    add_repeated(serve, "--set", given->settings,
                 "Set one option, as in the file; may be repeated and wins over the file.")
        ->type_name("NAME=VALUE")
        ->check(check_override);
    serve.add_flag("--print-config", given->serve.print_config,
                   "Print all options with their meaning and the values they would have, as a configuration "
                   "file; start nothing.");
}

}  // namespace logstore::app
