// A broker for tests of the front door: topics and batches in memory, completions when the test wants them.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "env/completion.h"
#include "kafka/protocol/key_placement.h"
#include "kafka/protocol/record.h"
#include "model/record_batch.h"
#include "shard/broker.h"

namespace logstore::testing {

/// Appends complete by themselves in the next turn of the loop, all of one turn in one burst; or, with
/// `holds_appends`, when the test calls complete(). One executor.
class memory_broker final : public broker {
  public:
    struct tablet {
        std::vector<byte_vector> batches;
        next_offset end{0};
        offset log_start{0};
        /// Where leaders before this one ended.
        std::vector<epoch_end> older_epochs{};
        /// The key view, where the topic has kv.enabled=true: of the writes by key, and of what put_key() put there.
        std::map<byte_vector, keyed_record> keys{};
    };

    explicit memory_broker(env::environment world) : world_(world) { publish(); }
    ~memory_broker() override { CHECK(waits_.empty()); }

    // ---- what tests set and see

    bool holds_appends = false;
    bool stopping = false;
    std::set<tablet_id> remote;
    /// What the next appends that complete by themselves end with, in order; ok when there are none.
    std::deque<append_outcome> outcomes;
    /// What the next creations and deletions fail with.
    std::deque<error> topic_failures;
    std::int32_t batch_bytes_max = 1 << 20;
    /// What the topics' appends are stamped with.
    timestamp_ms append_time = no_timestamp;
    /// Calls of read() and of wait_for_data() so far.
    std::size_t reads = 0;
    std::size_t waits = 0;
    /// Every batch that was given to append(), in order, as it was then.
    std::vector<std::pair<tablet_id, byte_vector>> appended;

    void add_topic(std::string name, std::int32_t partitions = 1, cluster::topic_configs configs = {}) {
        cluster::topic made;
        made.name = std::move(name);
        made.partition_count = partitions;
        made.configs = std::move(configs);
        add(std::move(made));
    }
    tablet_id tablet_of(std::string_view name, std::int32_t partition = 0) const {
        const cluster::topic_ptr found = image_->find(name);
        CHECK(found != nullptr, "no topic {}", name);
        return {found->id, partition_id(partition)};
    }
    tablet& at(std::string_view name, std::int32_t partition = 0) {
        return tablets_[tablet_of(name, partition)];
    }
    std::size_t held() const { return held_.size(); }
    std::size_t data_waiters() const { return waits_.size(); }

    /// Completes the held append number `index`; ok stores its batch. end_burst() must follow.
    void complete(std::size_t index = 0, append_outcome outcome = {}) {
        held_append one = std::move(held_.at(index));
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
        const bool was_kept = one.call->owner != nullptr;
        CHECK(!was_kept || std::ranges::equal(one.call->batch, one.batch),
              "the bytes of a remote append changed");
        if (outcome.code == tablet_errc::ok) outcome = store(one.call->tablet, std::move(one.batch));
        one.call->outcome = outcome;
        one.call->on_appended();
    }
    void end_burst() {
        for (burst_listener* one : std::exchange(listeners_, {})) one->on_burst_end();
        wake_readers();
    }
    /// All held appends in one burst.
    void complete_all() {
        while (!held_.empty()) {
            append_outcome outcome;
            if (!outcomes.empty()) {
                outcome = outcomes.front();
                outcomes.pop_front();
            }
            complete(0, outcome);
        }
        end_burst();
    }
    /// Puts a batch into a tablet, as if another connection had appended it.
    void put(std::string_view name, std::int32_t partition, byte_vector batch) {
        store(tablet_of(name, partition), std::move(batch));
        wake_readers();
    }

    // The key views. Every call ends in a later turn of the loop, or, with `holds_keys`, when the test calls
    // let_keys_go().
    bool holds_keys = false;
    /// What the next calls fail with, in order; ok when there are none.
    std::deque<tablet_errc> key_failures;
    /// Those of a tablet that is set here fail with it.
    std::map<tablet_id, tablet_errc> view_failures;
    /// What writes are stamped with, one more each time.
    timestamp_ms key_time{1'000};
    /// What was asked, in order.
    std::vector<key_read_request> key_reads;
    std::vector<key_write_request> key_writes;
    std::size_t key_scans = 0;
    std::size_t key_views = 0;
    std::size_t held_keys() const { return key_waits_.size(); }
    void let_keys_go() {
        for (env::completion<bool>* one : std::exchange(key_waits_, {})) one->set(true);
    }
    /// As if a Kafka client had written it.
    void put_key(std::string_view topic, std::int32_t partition, std::string_view key, std::string_view value,
                 timestamp_ms when) {
        store_key(tablet_of(topic, partition), copied(key), copied(value), when);
    }

    std::string folder = "/memory/logs";
    env::file_system_space room{1 << 20, 1 << 10};
    /// What space() fails with, when it is set.
    std::optional<error> space_failure;
    /// Tablets whose size is not known.
    std::set<tablet_id> unmeasurable;
    cluster::topic_settings defaults;
    /// What was asked of move_log_start(), and what it fails with when that is set.
    std::vector<log_start_request> log_start_requests;
    std::optional<tablet_errc> log_start_failure;

    // ---- broker

    env::environment& world() override { return world_; }
    broker_id node() const override { return broker_id(7); }
    leader_epoch epoch() const override { return leader_epoch(3); }
    const std::string& cluster_id() const override { return cluster_id_; }
    const std::shared_ptr<const cluster::topic_image>& topics() const override { return image_; }
    bool is_local(const tablet_id& id) const override { return !remote.contains(id); }

    void append(append_call& call) override {
        CHECK(is_local(call.tablet) || call.owner != nullptr, "the bytes of a remote append need an owner");
        byte_vector batch(call.batch.begin(), call.batch.end());
        appended.emplace_back(call.tablet, batch);
        held_.push_back({&call, std::move(batch)});
        if (holds_appends || is_completion_posted_) return;
        is_completion_posted_ = true;
        world_.loop.post([this] {
            is_completion_posted_ = false;
            complete_all();
        });
    }
    void after_burst(burst_listener& listener) override { listeners_.push_back(&listener); }

    env::task<read_outcome> read(read_request request) override {
        ++reads;
        read_outcome outcome;
        if (stopping) {
            outcome.code = tablet_errc::stopping;
        } else if (request.current_epoch != no_leader_epoch && request.current_epoch != epoch()) {
            const bool is_old = request.current_epoch < epoch();
            outcome.code = is_old ? tablet_errc::fenced_leader_epoch : tablet_errc::unknown_leader_epoch;
        } else {
            fill(request, outcome);
        }
        co_await env::yield(world_.loop);
        co_return outcome;
    }

    env::task<void> wait_for_data(std::vector<seen_tablet> seen, env::monotonic_time until,
                                  wait_signal* cancel) override {
        ++waits;
        if (cancel->is_set() || has_passed(seen)) co_return;
        data_wait wait;
        wait.seen = std::move(seen);
        waits_.push_back(&wait);
        const env::timer_id timer = world_.loop.start_timer(until, [&wait] { end_wait(wait); });
        cancel->when_set([&wait] { end_wait(wait); });
        co_await wait.ended;
        world_.loop.cancel_timer(timer);
        cancel->when_set(nullptr);
        std::erase(waits_, &wait);
    }

    env::task<list_offset_outcome> list_offset(list_offset_request request) override {
        list_offset_outcome outcome;
        const tablet& from = tablets_[request.tablet];
        outcome.epoch = epoch();
        if (request.query == offset_query::latest) {
            outcome.found_offset = from.end.value();
        } else if (request.query == offset_query::earliest) {
            outcome.found_offset = from.log_start.value();
        } else {
            look_for(request, from, outcome);
        }
        co_await env::yield(world_.loop);
        co_return outcome;
    }

    env::task<epoch_end_outcome> find_epoch_end(epoch_end_request request) override {
        co_await env::yield(world_.loop);
        epoch_end_outcome outcome;
        outcome.code = check(request.tablet, request.current_epoch);
        if (outcome.code != tablet_errc::ok || request.wanted > epoch()) co_return outcome;
        const tablet& of = tablets_[request.tablet];
        outcome.end = {request.wanted, of.end};
        // What was not noted was appended by this leader.
        for (const epoch_end& one : of.older_epochs)
            if (one.epoch >= request.wanted)
                outcome.end = std::ranges::min(outcome.end, one, {}, &epoch_end::end);
        co_return outcome;
    }
    env::task<log_start_outcome> move_log_start(log_start_request request) override {
        log_start_requests.push_back(request);
        co_await env::yield(world_.loop);
        log_start_outcome outcome;
        outcome.code = check(request.tablet, no_leader_epoch);
        if (outcome.code == tablet_errc::ok && log_start_failure) outcome.code = *log_start_failure;
        if (outcome.code != tablet_errc::ok) co_return outcome;
        tablet& of = tablets_[request.tablet];
        const offset to = request.to.value_or(first_not_below(of.end));
        if (to < offset(0) || to.value() > of.end.value()) {
            outcome.code = tablet_errc::offset_out_of_range;
            co_return outcome;
        }
        of.log_start = outcome.log_start = std::max(of.log_start, to);
        co_return outcome;
    }
    env::task<key_read_outcome> read_keys(key_read_request request) override {
        key_reads.push_back(request);
        key_read_outcome outcome;
        auto passing = pass_key_gate(request.tablet);
        outcome.code = co_await std::move(passing);
        if (outcome.code != tablet_errc::ok) co_return outcome;
        const auto& keys = tablets_[request.tablet].keys;
        std::size_t bytes = 0;
        for (const byte_vector& key : request.keys) {
            std::optional<keyed_record>& found = outcome.found.emplace_back();
            const auto at = keys.find(key);
            if (at == keys.end()) continue;
            found = at->second;
            if (!request.with_values) found->value.clear();
            bytes += found->value.size();
        }
        if (bytes <= key_answer_bytes_max) co_return outcome;
        outcome = {};
        outcome.code = tablet_errc::too_large;
        co_return outcome;
    }
    env::task<key_scan_outcome> scan_keys(key_scan_request request) override {
        ++key_scans;
        key_scan_outcome outcome;
        auto passing = pass_key_gate(request.tablet);
        outcome.code = co_await std::move(passing);
        if (outcome.code != tablet_errc::ok) co_return outcome;
        const auto& keys = tablets_[request.tablet].keys;
        auto at = keys.lower_bound(std::max(request.prefix, request.from));
        if (!request.is_from_included && at != keys.end() && at->first == request.from) ++at;
        std::size_t bytes = 0;
        for (; at != keys.end() && text_of(at->first).starts_with(text_of(request.prefix)); ++at) {
            if (!request.to.empty() && at->first >= request.to) break;
            const std::size_t size = at->first.size() + (request.with_values ? at->second.value.size() : 0);
            const bool is_first = outcome.entries.empty();
            outcome.has_more = outcome.entries.size() >= request.keys_max ||
                               (!is_first && bytes + size > request.bytes_max);
            if (outcome.has_more) break;
            bytes += size;
            outcome.entries.push_back({at->first, at->second});
            if (!request.with_values) outcome.entries.back().record.value.clear();
        }
        co_return outcome;
    }
    env::task<key_write_outcome> write_keys(key_write_request request) override {
        key_writes.push_back(request);
        key_write_outcome outcome;
        auto passing = pass_key_gate(request.tablet);
        outcome.code = co_await std::move(passing);
        if (outcome.code != tablet_errc::ok) co_return outcome;
        for (key_write& one : request.writes) {
            auto& keys = tablets_[request.tablet].keys;
            key_write_result& result = outcome.results.emplace_back();
            const auto before = keys.find(one.key);
            result.had_value = before != keys.end();
            if (result.had_value && request.with_previous) result.previous = before->second;
            const bool holds = one.condition == key_condition::absent      ? !result.had_value
                               : one.condition == key_condition::present   ? result.had_value
                               : one.condition == key_condition::at_offset ? result.had_value &&
                                                                               before->second.at == one.expected
                                                                           : true;
            result.is_written = holds && (one.value.has_value() || result.had_value);
            if (!result.is_written) continue;
            key_time = key_time + 1;
            result.at = store_key(request.tablet, std::move(one.key), std::move(one.value), key_time);
        }
        co_return outcome;
    }
    env::task<key_count_outcome> count_keys(tablet_id which) override {
        key_count_outcome counted;
        auto passing = pass_key_gate(which);
        counted.code = co_await std::move(passing);
        if (counted.code == tablet_errc::ok) counted.count = tablets_[which].keys.size();
        co_return counted;
    }
    env::task<key_view_status> key_view(tablet_id which) override {
        ++key_views;
        key_view_status status;
        auto passing = pass_key_gate(which);
        status.code = co_await std::move(passing);
        if (status.code != tablet_errc::ok) co_return status;
        const tablet& of = tablets_[which];
        const std::int32_t partitions = image_->find(which.topic)->partition_count;
        status.applied = status.high_watermark = of.end;
        status.log_start = of.log_start;
        status.key_count = of.keys.size();
        for (const auto& [key, record] : of.keys) {
            if (kafka::murmur2_partition(key, partitions) != which.partition) status.holds_murmur2 = false;
            if (kafka::crc32_partition(key, partitions) != which.partition) status.holds_crc32 = false;
        }
        co_return status;
    }
    env::task<std::vector<tablet_size>> sizes(std::vector<tablet_id> tablets) override {
        co_await env::yield(world_.loop);
        std::vector<tablet_size> all;
        for (const tablet_id& id : tablets) {
            tablet_size& answer = all.emplace_back();
            answer.tablet = id;
            answer.code = stopping                            ? tablet_errc::stopping
                          : image_->find(id.topic) == nullptr ? tablet_errc::unknown_tablet
                          : unmeasurable.contains(id)         ? tablet_errc::storage_error
                                                              : tablet_errc::ok;
            if (answer.code != tablet_errc::ok) continue;
            const tablet& of = tablets_[id];
            for (const byte_vector& batch : of.batches) answer.bytes += batch.size();
            answer.log_start = of.log_start;
            answer.high_watermark = of.end;
        }
        co_return all;
    }
    const std::string& log_folder() const override { return folder; }
    env::task<result<env::file_system_space>> space() override {
        co_await env::yield(world_.loop);
        if (space_failure) co_return std::unexpected(*space_failure);
        co_return room;
    }

    const cluster::topic_settings& topic_defaults() const override { return defaults; }
    env::task<result<cluster::topic>> create_topic(cluster::new_topic wanted) override {
        co_await env::yield(world_.loop);
        if (auto failure = next_failure()) co_return std::unexpected(std::move(*failure));
        cluster::topic made;
        made.name = std::move(wanted.name);
        made.partition_count = wanted.partition_count.value_or(1);
        if (made.partition_count > partitions_max) co_return fail(cluster::errc::invalid_partition_count);
        made.configs = std::move(wanted.configs);
        if (wanted.validate_only) co_return made;
        co_return add(std::move(made));
    }

    env::task<result<cluster::topic>> add_partitions(std::string name, std::int32_t partition_count,
                                                     bool validate_only) override {
        co_await env::yield(world_.loop);
        if (auto failure = next_failure()) co_return std::unexpected(std::move(*failure));
        const cluster::topic_ptr known = image_->find(name);
        if (known == nullptr) co_return fail(cluster::errc::unknown_topic);
        if (partition_count <= known->partition_count || partition_count > partitions_max)
            co_return fail(cluster::errc::invalid_partition_count);
        cluster::topic grown = *known;
        grown.partition_count = partition_count;
        if (validate_only) co_return grown;
        topics_.put(std::make_shared<const cluster::topic>(grown));
        publish();
        co_return grown;
    }

    env::task<result<>> delete_topic(topic_id id) override {
        co_await env::yield(world_.loop);
        if (auto failure = next_failure()) co_return std::unexpected(std::move(*failure));
        const cluster::topic_ptr gone = image_->find(id);
        if (gone == nullptr) co_return fail(cluster::errc::unknown_topic);
        topics_.remove(cluster::topic_key(gone->name));
        publish();
        wake_readers();
        co_return result<>();
    }

  private:
    static constexpr std::int32_t partitions_max = 1000;

    struct held_append {
        append_call* call;
        byte_vector batch;
    };
    struct data_wait {
        std::vector<seen_tablet> seen;
        env::completion<bool> ended;
    };

    static byte_vector copied(std::string_view text) {
        const bytes_view bytes = bytes_of(text);
        return {bytes.begin(), bytes.end()};
    }
    env::task<tablet_errc> pass_key_gate(tablet_id which) {
        if (holds_keys) {
            env::completion<bool> go;
            key_waits_.push_back(&go);
            co_await go;
        } else {
            co_await env::yield(world_.loop);
        }
        if (stopping) co_return tablet_errc::stopping;
        const cluster::topic_ptr topic = image_->find(which.topic);
        if (topic == nullptr) co_return tablet_errc::unknown_tablet;
        const auto view = topic->configs.find(std::string_view("kv.enabled"));
        if (view == topic->configs.end() || view->second != "true") co_return tablet_errc::no_view;
        if (const auto failing = view_failures.find(which); failing != view_failures.end()) co_return failing->second;
        if (key_failures.empty()) co_return tablet_errc::ok;
        const tablet_errc failure = key_failures.front();
        key_failures.pop_front();
        co_return failure;
    }
    /// In the log and in the view; no value deletes.
    offset store_key(const tablet_id& id, byte_vector key, std::optional<byte_vector> value, timestamp_ms when) {
        kafka::record_batch_builder builder;
        std::optional<bytes_view> stored;
        if (value) stored = *value;
        builder.append(when, bytes_view(key), stored);
        const offset at = store(id, builder.finish()).base_offset;
        auto& keys = tablets_[id].keys;
        keys.erase(key);
        if (!value) return at;
        keyed_record record;
        record.at = at;
        record.timestamp = when;
        record.value = std::move(*value);
        keys.emplace(std::move(key), std::move(record));
        return at;
    }

    tablet_errc check(const tablet_id& id, leader_epoch of_caller) const {
        if (stopping) return tablet_errc::stopping;
        if (image_->find(id.topic) == nullptr) return tablet_errc::unknown_tablet;
        if (of_caller == no_leader_epoch || of_caller == epoch()) return tablet_errc::ok;
        return of_caller < epoch() ? tablet_errc::fenced_leader_epoch : tablet_errc::unknown_leader_epoch;
    }
    static void end_wait(data_wait& wait) {
        if (!wait.ended.is_set()) wait.ended.set(true);
    }

    cluster::topic add(cluster::topic made) {
        ++last_id_;
        made.id = topic_id::from_random_bits(last_id_ << 32, last_id_);
        made.settings.message_bytes_max = batch_bytes_max;
        topics_.put(std::make_shared<const cluster::topic>(made));
        publish();
        return made;
    }
    void publish() { image_ = topics_.publish(); }

    std::optional<error> next_failure() {
        if (topic_failures.empty()) return std::nullopt;
        error failure = std::move(topic_failures.front());
        topic_failures.pop_front();
        return failure;
    }

    append_outcome store(const tablet_id& id, byte_vector batch) {
        tablet& to = tablets_[id];
        append_outcome outcome;
        outcome.base_offset = first_not_below(to.end);
        outcome.log_start_offset = to.log_start;
        outcome.append_time = append_time;
        assign_record_batch(batch.data(), outcome.base_offset, epoch());
        to.end = read_record_batch_header(batch)->next();
        to.batches.push_back(std::move(batch));
        return outcome;
    }

    void fill(const read_request& request, read_outcome& outcome) {
        if (image_->find(request.tablet.topic) == nullptr) {
            outcome.code = tablet_errc::unknown_tablet;
            return;
        }
        const tablet& from = tablets_[request.tablet];
        outcome.high_watermark = from.end;
        outcome.log_start_offset = from.log_start;
        outcome.epoch = epoch();
        if (request.from < from.log_start || request.from.value() > from.end.value()) {
            outcome.code = tablet_errc::offset_out_of_range;
            return;
        }
        for (const byte_vector& batch : from.batches) {
            if (!is_below(request.from, read_record_batch_header(batch)->next())) continue;
            const bool fits = outcome.bytes + batch.size() <= request.bytes_max;
            if (!fits && (outcome.bytes > 0 || !request.at_least_one)) break;
            outcome.records.emplace_back(batch);
            outcome.bytes += batch.size();
        }
    }

    static void look_for(const list_offset_request& request, const tablet& from,
                         list_offset_outcome& outcome) {
        for (const byte_vector& batch : from.batches) {
            const auto header = read_record_batch_header(batch);
            const bool wanted = request.query == offset_query::by_timestamp
                                    ? header->max_timestamp >= request.timestamp
                                    : header->max_timestamp > outcome.timestamp;
            if (!wanted) continue;
            outcome.found_offset = header->base_offset.value();
            outcome.timestamp = header->max_timestamp;
            if (request.query == offset_query::by_timestamp) return;
        }
    }

    bool has_passed(const std::vector<seen_tablet>& seen) {
        return std::ranges::any_of(seen, [this](const seen_tablet& one) {
            return image_->find(one.tablet.topic) == nullptr || tablets_[one.tablet].end > one.high_watermark;
        });
    }
    void wake_readers() {
        const auto waiting = waits_;
        for (data_wait* one : waiting) {
            if (std::ranges::find(waits_, one) != waits_.end() && has_passed(one->seen)) end_wait(*one);
        }
    }

    env::environment world_;
    const std::string cluster_id_ = "memory-cluster";
    std::uint64_t last_id_ = 0;
    cluster::topic_image topics_;
    std::shared_ptr<const cluster::topic_image> image_;
    std::map<tablet_id, tablet> tablets_;
    std::deque<held_append> held_;
    std::vector<burst_listener*> listeners_;
    std::vector<data_wait*> waits_;
    std::vector<env::completion<bool>*> key_waits_;
    bool is_completion_posted_ = false;
};

}  // namespace logstore::testing
