#include "app/run_command.h"

#include "app/bench/load_command.h"
#include "app/bench/read_command.h"
#include "app/bench/tablets_command.h"
#include "app/byte_input.h"
#include "app/command_line.h"
#include "app/consume.h"
#include "app/inspect.h"
#include "app/man_page.h"
#include "app/produce.h"
#include "app/repair.h"
#include "app/run_on_host.h"
#include "app/serve.h"
#include "app/serve_options.h"
#include "app/topic_admin.h"
#include "app/topic_commands.h"
#include "app/version.h"
#include "config/errc.h"
#include "config/option_text.h"

namespace logstore::app {
namespace {

/// One overload a command.
struct runner {
    console& out;

    int operator()(const serve_command& asked) const {
        auto options = load_serve_options(asked);
        if (!options) {
            const bool is_sentence = options.error().code == config::errc::invalid_configuration;
            out.say(is_sentence ? options.error().detail : options.error().message());
            return number_of(exit_code::wrong_usage);
        }
        if (asked.print_config) {
            out.print(config::print_config(*options));
            return number_of(exit_code::success);
        }
        return run_serve({std::move(*options)});
    }
    int operator()(const create_topic_command& asked) const { return on_host(run_create_topic, asked); }
    int operator()(const list_topics_command& asked) const { return on_host(run_list_topics, asked); }
    int operator()(const describe_topic_command& asked) const { return on_host(run_describe_topic, asked); }
    int operator()(const delete_topic_command& asked) const { return on_host(run_delete_topic, asked); }
    int operator()(const add_partitions_command& asked) const { return on_host(run_add_partitions, asked); }
    int operator()(const topic_config_command& asked) const { return on_host(run_topic_config, asked); }
    int operator()(const trim_topic_command& asked) const { return on_host(run_trim_topic, asked); }
    int operator()(const topic_sizes_command& asked) const { return on_host(run_topic_sizes, asked); }
    int operator()(const inspect_command& asked) const { return on_host(run_inspect, asked); }
    int operator()(const repair_command& asked) const { return on_host(run_repair, asked); }
    int operator()(const bench_load_command& asked) const {
        return on_interruptible_host(run_bench_load, asked);
    }
    int operator()(const bench_tablets_command& asked) const {
        return on_interruptible_host(run_bench_tablets, asked);
    }
    int operator()(const bench_read_command& asked) const {
        return on_interruptible_host(run_bench_read, asked);
    }
    int operator()(const produce_command& asked) const {
        interruption stop;
        std::optional<standard_input> input;
        return number_of(run_on_host(out, [&](env::host& host) {
            host.on_stop_signal([&stop] { stop.request(); });
            input.emplace(host.shard(0));
            return run_produce(host.shard(0), &out, &*input, &stop, asked);
        }));
    }
    int operator()(const completion_command& asked) const {
        out.print(completion_script(asked.which, describe_command_line()));
        return number_of(exit_code::success);
    }
    int operator()(const man_command&) const {
        out.print(man_page(describe_command_line(), version_text()));
        return number_of(exit_code::success);
    }
    int operator()(const consume_command& asked) const { return on_interruptible_host(run_consume, asked); }

    template <class Command>
    int on_interruptible_host(env::task<exit_code> (*run)(env::environment, console*, interruption*, Command),
                              const Command& asked) const {
        interruption stop;
        return number_of(run_on_host(out, [&](env::host& host) {
            host.on_stop_signal([&stop] { stop.request(); });
            return run(host.shard(0), &out, &stop, asked);
        }));
    }
    template <class Command>
    int on_host(env::task<exit_code> (*run)(env::environment, console*, Command),
                const Command& asked) const {
        return number_of(run_on_host(out, [&](env::host& host) { return run(host.shard(0), &out, asked); }));
    }
};

}  // namespace

int run_command(console& out, const std::vector<std::string>& arguments) {
    const auto parsed = parse_command_line(arguments);
    if (parsed) return std::visit(runner{out}, *parsed);
    if (parsed.error().code == exit_code::success)
        out.print(parsed.error().text);
    else
        out.complain(parsed.error().text);
    return number_of(parsed.error().code);
}

}  // namespace logstore::app
