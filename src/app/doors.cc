#include "app/doors.h"

#include <utility>

#include "app/broker_configs.h"
#include "app/module_options.h"
#include "env/open_files_limit.h"
#include "shard/call.h"

namespace logstore::app {
namespace {

std::unexpected<error> cannot_listen(const error& why, const env::socket_address& at, const char* option) {
    return fail(why.code, "cannot listen on " + at.text() + "; is another server there? Give another " +
                              option + " HOST:PORT");
}

}  // namespace

std::string doors::addresses() const {
    std::string all = "kafka " + kafka_at_.text();
    if (!options_.http_listen.empty()) all += ", http " + http_at_.text();
    if (!options_.resp_listen.empty()) all += ", resp " + resp_at_.text();
    return all;
}

/// With port 0 a free port is found once, so that all shards listen on the same and clients are told the
/// right one.
result<env::socket_address> doors::address_of(const std::string& text) {
    auto at = env::socket_address::parse(text);
    if (!at || at->port != 0) return at;
    auto found = host_.shard(0).net.listen(*at, true, [](std::unique_ptr<env::stream>) {});
    if (!found) return std::unexpected(found.error());
    at->port = (*found)->port();
    return at;
}

env::task<result<>> doors::open() {
    auto kafka_at = address_of(options_.kafka_listen);
    if (!kafka_at) co_return std::unexpected(kafka_at.error());
    kafka_at_ = *kafka_at;
    if (!options_.http_listen.empty()) {
        auto http_at = address_of(options_.http_listen);
        if (!http_at) co_return std::unexpected(http_at.error());
        http_at_ = *http_at;
    }
    if (!options_.resp_listen.empty()) {
        auto resp_at = address_of(options_.resp_listen);
        if (!resp_at) co_return std::unexpected(resp_at.error());
        resp_at_ = *resp_at;
    }
    std::vector<env::executor*> loops;
    for (std::uint32_t index = 0; index < host_.shard_count(); ++index)
        loops.push_back(&host_.shard(index).loop);
    kafka_limits_ = std::make_unique<kafka::process_limits>(process_limits_of(options_), loops);
    http_limits_ = std::make_unique<http::process_limits>(http_limits_of(options_), loops);
    resp_limits_ = std::make_unique<resp::process_limits>(resp_limits_of(options_), loops);
    doors_.resize(host_.shard_count());
    describe_figures();
    for (std::uint32_t index = 0; index < host_.shard_count(); ++index) {
        shard& owner = store_.at(index);
        auto open_there = [this, index] { return open_here(this, index); };
        auto opened =
            co_await call_on(host_.shard(0).loop, owner.world().loop, owner.control(), std::move(open_there));
        if (!opened) co_return fail(tablet_errc::stopping);
        if (!*opened) co_return std::unexpected(opened->error());
    }
    co_return result<>{};
}

env::task<result<>> doors::open_here(doors* self, std::uint32_t index) {
    shard_doors& which = self->doors_[index];
    which.broker = std::make_unique<store_broker>(self->store_, index);
    if (auto opened = self->open_kafka(which, index); !opened) co_return opened;
    if (!self->options_.http_listen.empty()) {
        if (auto opened = self->open_http(which, index); !opened) co_return opened;
    }
    if (!self->options_.resp_listen.empty()) co_return self->open_resp(which, index);
    co_return result<>{};
}

void doors::describe_figures() {
    figures_.open_files_max = env::open_files_limit();
    figures_.kafka_connections_max = options_.connections_max;
    figures_.http_connections_max = options_.http_connections_max;
    figures_.resp_connections_max = options_.resp_connections_max;
    figures_.read_doors = [this](std::uint32_t index, shard_sample& into) { read_figures(index, into); };
    figures_.read_memory = [this] { return read_memory(); };
}

/// On the thread of that shard.
void doors::read_figures(std::uint32_t index, shard_sample& into) const {
    const shard_doors& which = doors_[index];
    if (which.kafka) into.kafka = which.kafka->metrics();
    into.kafka_assembly_bytes = kafka_limits_->frame_memory[index]->held_bytes();
    if (which.http) into.http = which.http->metrics();
    if (which.resp) into.resp = which.resp->metrics();
}

/// Any thread.
std::vector<memory_sample> doors::read_memory() const {
    std::vector<memory_sample> samples;
    const auto add = [&](std::string_view limit, const byte_budget& budget) {
        samples.push_back({limit, budget.held_bytes(), budget.limit_bytes()});
    };
    add("kafka.in_flight_bytes", kafka_limits_->request_memory);
    add("kafka.answer_bytes_in_flight", kafka_limits_->answer_memory);
    add("http.request_bytes_in_flight", http_limits_->request_memory);
    add("http.answer_bytes_in_flight", http_limits_->answer_memory);
    add("resp.request_bytes_in_flight", resp_limits_->request_memory);
    add("resp.answer_bytes_in_flight", resp_limits_->answer_memory);
    return samples;
}

result<> doors::open_kafka(shard_doors& which, std::uint32_t index) {
    const std::string& advertised_text = options_.kafka_advertise;
    auto advertised =
        env::socket_address::parse(advertised_text.empty() ? kafka_at_.text() : advertised_text);
    if (!advertised) return std::unexpected(advertised.error());
    kafka::server_options options = kafka_options_of(options_);
    options.advertised = *advertised;
    options.configs = broker_configs_of(options_);
    which.kafka = std::make_unique<kafka::server>(*which.broker, *kafka_limits_, index, options);
    if (auto listening = which.kafka->listen(kafka_at_, host_.shard_count() > 1); !listening) {
        return cannot_listen(listening.error(), kafka_at_, "--kafka");
    }
    return {};
}

result<> doors::open_http(shard_doors& which, std::uint32_t index) {
    which.metrics = std::make_unique<metrics_gatherer>(figures_, index);
    which.http = std::make_unique<http::server>(*which.broker, *http_limits_, index,
                                                http_options_of(options_, http_at_), which.metrics.get());
    if (auto listening = which.http->listen(http_at_, host_.shard_count() > 1); !listening) {
        return cannot_listen(listening.error(), http_at_, "--http");
    }
    return {};
}

result<> doors::open_resp(shard_doors& which, std::uint32_t index) {
    which.resp =
        std::make_unique<resp::server>(*which.broker, *resp_limits_, index, resp_options_of(options_));
    if (auto listening = which.resp->listen(resp_at_, host_.shard_count() > 1); !listening) {
        return cannot_listen(listening.error(), resp_at_, "--resp");
    }
    return {};
}

env::task<bool> doors::stop_kafka(shard_doors* which) {
    if (which->http) which->http->say_stopping();
    if (which->kafka) co_await which->kafka->stop();
    co_return true;
}

env::task<bool> doors::stop_resp(shard_doors* which) {
    if (which->resp) co_await which->resp->stop();
    co_return true;
}

env::task<bool> doors::stop_http(shard_doors* which) {
    if (which->http) co_await which->http->stop();
    co_return true;
}

env::task<> doors::on_each_shard(env::task<bool> (*what)(shard_doors* which)) {
    for (std::uint32_t index = 0; index < doors_.size(); ++index) {
        shard_doors* which = &doors_[index];
        shard& owner = store_.at(index);
        auto call = [what, which] { return what(which); };
        auto done =
            co_await call_on(host_.shard(0).loop, owner.world().loop, owner.control(), std::move(call));
        (void)done;
    }
}

env::task<> doors::stop() {
    co_await on_each_shard(stop_kafka);
    co_await on_each_shard(stop_resp);
    co_await on_each_shard(stop_http);
}

}  // namespace logstore::app
