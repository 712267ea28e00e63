#include "env/host.h"

#include <csignal>
#include <thread>
#include <vector>

#include <boost/asio/signal_set.hpp>
#include <pthread.h>

#include "base/check.h"
#include "base/logging.h"
#include "env/asio_executor.h"
#include "env/asio_network.h"
#include "env/system_clock.h"
#include "env/system_random.h"
#include "env/thread_file_system.h"
#include "env/thread_pool.h"
#include "env/uring_file_system.h"

namespace logstore::env {
namespace {

/// What one executor owns. The ring goes after the files and before the loop.
struct shard_world {
    shard_world(const clock& time, worker_pool& resolver) : loop(time), net(loop, resolver) {}

    asio_executor loop;
    std::shared_ptr<uring_ring> ring;
    std::unique_ptr<file_system> files;
    asio_network net;
    system_random random;
};

class system_host final : public host {
  public:
    explicit system_host(host_options options)
        : options_(options), workers_("worker", options.worker_threads) {
        for (std::uint32_t i = 0; i < options.shards; ++i) {
            shards_.push_back(std::make_unique<shard_world>(time_, workers_));
        }
    }

    result<> make_file_systems();

    std::uint32_t shard_count() const override { return options_.shards; }
    environment shard(std::uint32_t index) override;
    void run() override;
    void stop() override;
    void on_stop_signal(work handler) override;

  private:
    result<> make_rings();
    void use_threads(const std::string& why);

    host_options options_;
    system_clock time_;
    std::vector<std::unique_ptr<shard_world>> shards_;
    // The pools stop before the loops that their last answers go to.
    thread_pool workers_;
    std::unique_ptr<disk_threads> disk_;
    std::unique_ptr<boost::asio::signal_set> signals_;
    work stop_handler_;
};

result<> system_host::make_file_systems() {
    if (options_.disk == disk_backend::threads) {
        use_threads({});
        return {};
    }
    auto made = make_rings();
    if (made) return {};
    if (options_.disk == disk_backend::io_uring) return made;
    use_threads(made.error().message());
    return {};
}

result<> system_host::make_rings() {
    disk_ = std::make_unique<disk_threads>(options_.shards, true);
    for (auto& shard : shards_) {
        auto ring = uring_ring::make(shard->loop);
        if (!ring) return std::unexpected(std::move(ring).error());
        shard->ring = std::move(*ring);
        shard->files = std::make_unique<uring_file_system>(shard->loop, *disk_, shard->ring);
    }
    return {};
}

void system_host::use_threads(const std::string& why) {
    for (auto& shard : shards_) {
        shard->files.reset();
        shard->ring.reset();
    }
    disk_ = std::make_unique<disk_threads>(options_.shards, false);
    for (auto& shard : shards_) shard->files = std::make_unique<thread_file_system>(shard->loop, *disk_, why);
}

environment system_host::shard(std::uint32_t index) {
    CHECK(index < shards_.size());
    shard_world& world = *shards_[index];
    return environment{world.loop, *world.files, world.net, world.random, workers_};
}

void system_host::run() {
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < shards_.size(); ++i) {
        threads.emplace_back([this, i] {
            pthread_setname_np(pthread_self(), ("shard-" + std::to_string(i)).c_str());
            shards_[i]->loop.run();
        });
    }
    shards_[0]->loop.run();
    for (auto& thread : threads) thread.join();
}

void system_host::stop() {
    for (auto& shard : shards_) shard->loop.stop();
}

void system_host::on_stop_signal(work handler) {
    stop_handler_ = std::move(handler);
    signals_ = std::make_unique<boost::asio::signal_set>(shards_[0]->loop.context(), SIGTERM, SIGINT);
    signals_->async_wait([this](const boost::system::error_code& failed, int number) {
        if (failed) return;
        log_info("host", "signal {} ({}): stopping; another one kills", number,
                 number == SIGINT ? "SIGINT" : "SIGTERM");
        // Gives the signals back their default effect.
        boost::system::error_code ignored;
        signals_->clear(ignored);
        stop_handler_();
    });
}

}  // namespace

std::uint32_t processor_count() { return std::max(1u, std::thread::hardware_concurrency()); }

result<std::unique_ptr<host>> host::make(host_options options) {
    if (options.shards == 0 || options.worker_threads == 0) {
        return fail(std::make_error_code(std::errc::invalid_argument),
                    "a host needs a shard and a worker thread");
    }
    std::signal(SIGPIPE, SIG_IGN);
    // A file beyond RLIMIT_FSIZE is an error of its write, not the end of the process.
    std::signal(SIGXFSZ, SIG_IGN);
    auto made = std::make_unique<system_host>(options);
    auto files = made->make_file_systems();
    if (!files) return std::unexpected(std::move(files).error());
    return made;
}

}  // namespace logstore::env
