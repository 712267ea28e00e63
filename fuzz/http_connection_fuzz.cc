// An HTTP connection, given bytes in pieces of any size against a broker in memory: it must answer or close,
// hold no more than its limits, and leave nothing behind.
#include <list>

#include "env/testing/sim_world.h"
#include "env/testing/test_stream.h"
#include "http/connection.h"
#include "http/process_limits.h"
#include "shard/testing/memory_broker.h"

namespace logstore::http {
namespace {

class fuzzed_door final : public connection_owner {
  public:
    fuzzed_door() {
        options.body_bytes_max = 4096;
        options.head_bytes_max = 2048;
        options.read_wait_max = std::chrono::milliseconds(100);
        broker.add_topic("a", 2);
    }
    void on_gone(connection& which) override { connections.erase(which.place); }

    void serve(bytes_view bytes, std::size_t step) {
        env::stream_end end(world.loop());
        connections.push_back(
            std::make_unique<connection>(with, *this, std::make_unique<env::test_stream>(end)));
        connection& served = *connections.back();
        served.place = std::prev(connections.end());
        served.start();
        while (!bytes.empty() && !end.is_closed()) {
            const std::size_t count = std::min(step, bytes.size());
            end.deliver(bytes.first(count));
            world.run_until_idle();
            bytes = bytes.subspan(count);
        }
        world.advance(std::chrono::seconds(1));
        world.run_until_idle();
        CHECK(limits.request_memory.held_bytes() <= 2 * options.body_bytes_max);
        if (!connections.empty()) served.finish();
        world.run_until_idle();
        if (!end.is_closed()) end.close();
        world.run_until_idle();
        CHECK(connections.empty() && limits.request_memory.held_bytes() == 0 &&
              limits.answer_memory.held_bytes() == 0);
    }

    env::sim_world world{1};
    logstore::testing::memory_broker broker{world.shard()};
    server_options options;
    process_limits limits{process_limit_options{}, std::vector<env::executor*>{&world.loop()}};
    origin_policy origins{origin_options{}};
    server_metrics metrics;
    complaints log{"http", world.time()};
    topic_memo memo;
    partition_chooser partitions;
    body_reader bodies;
    date_line date{world.time()};
    bool is_stopping = false;
    const serving with{broker,
                       options,
                       origins,
                       nullptr,
                       limits.request_memory.share(0),
                       limits.answer_memory.share(0),
                       metrics,
                       log,
                       memo,
                       partitions,
                       bodies,
                       date,
                       is_stopping};
    std::list<std::unique_ptr<connection>> connections;
};

}  // namespace
}  // namespace logstore::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    logstore::set_log_level(logstore::log_level::error);
    logstore::http::fuzzed_door door;
    const std::size_t step = data[0] < 128 ? data[0] + std::size_t(1) : size;
    door.serve({reinterpret_cast<const std::byte*>(data) + 1, size - 1}, step);
    return 0;
}
