#include "app/serve.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "app/descriptor_budget.h"
#include "app/doors.h"
#include "app/exit_code.h"
#include "app/memory_plan.h"
#include "app/module_options.h"
#include "app/storage_failure.h"
#include "app/version.h"
#include "base/logging.h"
#include "env/host.h"
#include "env/memory_size.h"
#include "env/open_files_limit.h"
#include "env/service_manager.h"
#include "shard/journal_budget.h"
#include "shard/store.h"

namespace logstore::app {
namespace {

env::disk_backend backend_of(config::disk_backend from) {
    switch (from) {
        case config::disk_backend::automatic: return env::disk_backend::automatic;
        case config::disk_backend::io_uring: return env::disk_backend::io_uring;
        case config::disk_backend::threads: return env::disk_backend::threads;
    }
    return env::disk_backend::automatic;
}

/// The server between its start and its stop. Belongs to executor 0.
class serving {
  public:
    serving(env::host& host, const config::server_options& options, std::uint64_t limits_bytes)
        : host_(host), options_(options) {
        facts_.limits_bytes = limits_bytes;
    }

    env::task<> start();
    env::task<> stop();
    int outcome() const { return outcome_; }
    env::gate& work() { return work_; }

  private:
    env::task<result<>> open();
    env::task<result<>> open_doors();
    void end(int outcome);

    env::host& host_;
    const config::server_options& options_;
    std::unique_ptr<store> store_;
    std::unique_ptr<doors> doors_;
    start_facts facts_;
    bool is_ready_ = false;
    bool is_stopping_ = false;
    bool stop_wanted_ = false;
    int outcome_ = number_of(exit_code::success);
    env::gate work_;
};

void serving::end(int outcome) {
    outcome_ = outcome;
    host_.stop();
}

env::task<> serving::start() {
    auto opened = co_await open();
    if (!opened) {
        log_error("serve", "{}", with_advice(opened.error()));
        if (doors_) co_await doors_->stop();
        if (store_) {
            auto stopped = co_await store_->stop();
            (void)stopped;
        }
        end(number_of(exit_code::failed));
        co_return;
    }
    is_ready_ = true;
    if (stop_wanted_) co_await stop();
}

env::task<result<>> serving::open() {
    std::vector<env::environment> worlds;
    for (std::uint32_t index = 0; index < host_.shard_count(); ++index) worlds.push_back(host_.shard(index));
    log_info("serve", "logstore {} opens {} with {} shards, disk: {}", version_number(), options_.data_dir, worlds.size(),
             worlds.front().files.description());
    const env::monotonic_time begun = worlds.front().time().now();
    store_options options = store_options_of(options_, host_.shard_count());
    auto opened = co_await store::open(worlds, std::move(options), [](error why) { end_process(why); });
    if (!opened) co_return std::unexpected(opened.error());
    store_ = std::move(*opened);
    const recovered_store& found = store_->recovered();
    facts_.recovery_time = worlds.front().time().now() - begun;
    facts_.recovered_groups = found.replayed_groups;
    facts_.recovered_bytes = found.replayed_bytes;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(facts_.recovery_time);
    log_info("recovery", "{} tablets and {} bytes replayed from {} journal groups in {} ms{}", found.replayed_tablets,
             found.replayed_bytes, found.replayed_groups, took.count(), found.tail_was_torn ? "; a torn last group was cut" : "");
    co_return co_await open_doors();
}

env::task<result<>> serving::open_doors() {
    doors_ = std::make_unique<doors>(host_, options_, *store_, facts_);
    auto opened = co_await doors_->open();
    if (!opened) co_return opened;
    std::printf("ready: %s, data %s, %u shards\n", doors_->addresses().c_str(), options_.data_dir.c_str(),
                host_.shard_count());
    std::fflush(stdout);
    env::tell_service_manager("READY=1");
    co_return result<>{};
}

env::task<> serving::stop() {
    if (!is_ready_) {
        stop_wanted_ = true;
        co_return;
    }
    if (std::exchange(is_stopping_, true)) co_return;
    env::tell_service_manager("STOPPING=1");
    log_info("serve", "stopping: requests under way are finished, then everything is written to segments");
    co_await doors_->stop();
    auto stopped = co_await store_->stop();
    if (!stopped) log_error("serve", "{}", with_advice(stopped.error()));
    else log_info("serve", "stopped cleanly");
    end(number_of(stopped ? exit_code::success : exit_code::failed));
}

/// What files and connections may take of `ulimit -n`.
void limit_descriptors(config::server_options& options, std::uint32_t shards) {
    const std::uint64_t connections = std::uint64_t(options.connections_max) + options.http_connections_max +
                                      (options.resp_listen.empty() ? 0 : options.resp_connections_max);
    descriptor_demand demand;
    demand.files = options.open_files_max;
    demand.connections = connections;
    demand.shards = shards;
    demand.journal_files = options.journal_files;
    const std::uint64_t limit = env::open_files_limit();
    const descriptor_budget budget = share_descriptors(limit, demand);
    if (!budget.is_reduced) return;
    options.open_files_max = static_cast<std::uint32_t>(budget.files);
    for (std::uint32_t* door : {&options.connections_max, &options.http_connections_max, &options.resp_connections_max})
        *door = static_cast<std::uint32_t>(std::max<std::uint64_t>(4, *door * budget.connections / connections));
    log_info("serve", "with a limit of {} open files there can be {} connections and {} open segment files; ulimit -n raises it",
             limit, budget.connections, budget.files);
}

}  // namespace

int run_serve(const serve_arguments& arguments) {
    config::server_options options = arguments.options;
    set_log_level(options.log);
    // Looked at before anything is made on disk.
    for (const std::string& address :
         {options.kafka_listen, options.kafka_advertise, options.http_listen, options.resp_listen}) {
        const auto parsed = env::socket_address::parse(address);
        if (parsed || address.empty()) continue;
        log_error("serve", "{}", parsed.error().message());
        return number_of(exit_code::wrong_usage);
    }
    env::host_options host_options;
    host_options.shards = options.shards;
    if (host_options.shards == 0) {
        // One for each processor, but no more than the journals' share of any disk allows.
        const std::uint32_t fitting = shards_max_of_journals(options.journal_file_bytes, options.journal_files);
        host_options.shards = std::min(env::processor_count(), fitting);
    }
    host_options.disk = backend_of(options.disk);
    host_options.worker_threads = options.worker_threads;
    auto host = env::host::make(host_options);
    if (!host) {
        log_error("serve", "{}", host.error().message());
        return number_of(exit_code::failed);
    }
    memory_plan plan = plan_memory(options, (*host)->shard_count(), env::usable_memory_bytes());
    if (plan.limits_bytes > plan.memory_bytes) log_warning("serve", "{}", describe(plan));
    else log_info("serve", "{}", describe(plan));
    limit_descriptors(plan.options, (*host)->shard_count());
    serving server(**host, plan.options, plan.limits_bytes);
    (*host)->on_stop_signal([&server] { env::spawn(server.work(), server.stop()); });
    (*host)->shard(0).loop.post([&server] { env::spawn(server.work(), server.start()); });
    (*host)->run();
    return server.outcome();
}

}  // namespace logstore::app
