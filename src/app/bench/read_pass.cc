#include "app/bench/read_pass.h"

#include <algorithm>

#include "app/bench/kafka_lane.h"

namespace logstore::app::bench {

read_pass::read_pass(env::environment world, shape what,
                     std::function<void(const kafka::record_block&)> visit)
    : world_(world), shape_(std::move(what)), visit_(std::move(visit)) {
    const std::size_t count = std::min<std::size_t>(shape_.consumers, shape_.from.size());
    shares_.resize(count);
    for (std::size_t i = 0; i < count; ++i)
        readers_.push_back(std::make_unique<topic_reader>(world_, shape_.server, shape_.topic));
    std::size_t turn = 0;
    for (const auto& [which, start] : shape_.from) shares_[turn++ % count].emplace(which, start);
}

env::task<void> read_pass::run() {
    const env::monotonic_time start = world_.time().now();
    tally_.series.begin(start);
    for (std::size_t i = 0; i < readers_.size(); ++i) env::spawn(reading_, read_share(i));
    co_await reading_.close();
    const env::monotonic_time end = world_.time().now();
    tally_.elapsed = end - start;
    tally_.series.finish(end);
    for (const auto& one : readers_) co_await one->close();
}

env::task<void> read_pass::read_share(std::size_t which) {
    topic_reader& reader = *readers_[which];
    auto done = co_await reader.open();
    if (done && !stopped_) {
        partition_offsets from = shares_[which], to = shape_.to;
        done = co_await reader.read(std::move(from), std::move(to),
                                    [this](const kafka::record_block& block) { count(block); });
    }
    if (stopped_ || done) co_return;
    count_failure(done.error());
    stop();
}

void read_pass::count(const kafka::record_block& block) {
    std::uint64_t records = 0, bytes = 0;
    block.for_each([&](const kafka::consumed_record& one) {
        ++records;
        bytes += one.value ? one.value->size() : 0;
        return true;
    });
    ++tally_.sent;
    ++tally_.succeeded;
    tally_.records += records;
    tally_.bytes += bytes;
    tally_.series.add(world_.time().now(), records, bytes);
    if (visit_) visit_(block);
}

void read_pass::count_failure(const error& why) {
    ++tally_.sent;
    ++tally_.failed;
    tally_.errors.add(refusal_of(why));
    tally_.series.add_failure(world_.time().now());
}

void read_pass::stop() {
    stopped_ = true;
    for (const auto& one : readers_) one->stop();
}

}  // namespace logstore::app::bench
