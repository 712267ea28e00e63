#include "app/metrics_source.h"

#include <memory>
#include <utility>

#include "app/metrics_render.h"
#include "shard/call.h"

namespace logstore::app {
namespace {

/// On the thread of `owner`.
env::task<std::unique_ptr<shard_sample>> copy_figures(const metrics_origin* from, std::uint32_t index) {
    auto sample = std::make_unique<shard_sample>();
    sample->index = index;
    sample->storage = from->data.at(index).figures();
    from->read_doors(index, *sample);
    co_return sample;
}

}  // namespace

env::task<std::unique_ptr<shard_sample>> metrics_gatherer::sample_of(std::uint32_t index) {
    shard& owner = from_.data.at(index);
    if (index == index_) co_return co_await copy_figures(&from_, index);
    auto copy = [from = &from_, index] { return copy_figures(from, index); };
    env::executor& home = from_.data.at(index_).world().loop;
    auto copied = co_await call_on(home, owner.world().loop, owner.work(), std::move(copy));
    co_return copied ? std::move(*copied) : nullptr;
}

env::task<std::string> metrics_gatherer::render() {
    shard& here = from_.data.at(index_);
    env::environment world = here.world();
    auto gathered = std::make_unique<metrics_snapshot>();
    for (std::uint32_t index = 0; index < from_.data.shard_count(); ++index) {
        auto sample = co_await sample_of(index);
        if (sample) gathered->shards.push_back(std::move(*sample));
    }
    auto usage = env::run_blocking(world.workers, world.loop, env::read_process_usage);
    gathered->process = co_await std::move(usage);
    const auto space = co_await world.files.space(from_.data_dir);
    if (space) gathered->disk = *space;
    const auto topics = from_.data.topics(here.id());
    gathered->topics = topics->topics().size();
    gathered->partitions = static_cast<std::uint64_t>(topics->partition_count());
    gathered->start = from_.start;
    gathered->memory = from_.read_memory();
    gathered->kafka_connections_max = from_.kafka_connections_max;
    gathered->http_connections_max = from_.http_connections_max;
    gathered->resp_connections_max = from_.resp_connections_max;
    gathered->open_files_max = from_.open_files_max;
    co_return render_metrics(*gathered);
}

}  // namespace logstore::app
