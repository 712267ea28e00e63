// Lives of a store: random appends, reads, pauses, stops, kills and power cuts, checked against what was
// acknowledged.
#pragma once

#include <map>
#include <vector>

#include "env/gate.h"
#include "shard/testing/shard_rig.h"
#include "shard/testing/stored_epochs.h"
#include "shard/testing/stored_segments.h"

namespace logstore {

struct workload_options {
    std::uint64_t seed = 1;
    std::uint32_t machines_shards = 2;
    int lives = 6;
    int steps = 60;
    bool with_retention = false;
    /// Log starts are moved by request, to anywhere.
    bool with_deletion = false;
};

/// Runs one store through several lives. CHECKs every answer; what() is empty when all held.
class random_workload {
  public:
    explicit random_workload(workload_options options)
        : options_(options), random_(options.seed), world_(options.seed, options.machines_shards) {
        for (int i = 0; i < 2; ++i) {
            hosted_topic topic;
            topic.id = topic_id::from_random_bits(i + 1, i + 1);
            topic.name = i == 0 ? "a" : "b";
            topic.partitions = 2;
            topic.settings.log.segment_bytes = 24 * 1024;
            topic.settings.log.retention_ms = -1;
            if (options.with_retention) topic.settings.log.retention_bytes = 48 * 1024;
            topics_.push_back(topic);
        }
    }

    /// The first finding, or nothing.
    std::string run() {
        for (int life = 1; life <= options_.lives && finding_.empty(); ++life) {
            live(life);
            if (!finding_.empty())
                finding_ = fmt::format("seed {}, life {}: {}", options_.seed, life, finding_);
        }
        return finding_;
    }

  private:
    using offsets = std::map<std::int64_t, byte_vector>;  // base offset → stored batch
    struct expected {
        offsets acknowledged;
        std::int64_t log_start = 0;
    };
    struct call final : append_call {
        random_workload* workload;
        byte_vector kept;
        env::gate* open;
        void on_appended() override {
            workload->note(*this);
            open->leave();
            delete this;
        }
    };

    void live(int life) {
        epoch_ = leader_epoch(life);
        shard_rig::options options;
        options.shards = 1 + random_.next() % options_.machines_shards;
        options.journal_file_bytes = 64 * 1024;
        options.pinned_bytes_max = 96 * 1024;
        options.tune = [](shard_options& made) {
            made.settle_after = std::chrono::milliseconds(300);
            made.checkpoint_interval = std::chrono::seconds(1);
            made.retention_interval = std::chrono::milliseconds(700);
            made.tail_cache_bytes_max = 32 * 1024;
            made.open_files_max = 6;
        };
        shard_rig rig(world_, boot_number(life), options);
        const std::uint64_t end = life == options_.lives ? 0 : random_.next() % 4;
        cut_ = false;
        if (end == 1) world_.disk().crash_after(1 + random_.next() % 1500, [this] { cut_ = true; });
        auto running = world_.start(work(&rig, end == 0));
        if (!world_.run_until([&] { return cut_ || running.done(); }, std::chrono::hours(2))) {
            finding_ = "it does not go on";
            std::abort();  // frames are still suspended: nothing can be taken apart
        }
        world_.disk().cancel_crash();
        if (end == 1 || end == 2)
            world_.crash(random_.next());
        else if (end == 3)
            world_.kill(random_.next());
        dead_ = true;
        CHECK(world_.run_until([&] { return running.done(); }));
        rig.abandon();
        dead_ = false;
    }

    env::task<> work(shard_rig* rig, bool stops_cleanly) {
        auto started = co_await rig->start(topics_);
        if (!started) {
            if (!cut_) finding_ = "start: " + started.error().message();
            co_return;
        }
        co_await compare_all(rig, true);
        env::gate appends;
        for (int step = 0; step < options_.steps && finding_.empty() && !cut_; ++step) {
            const std::uint64_t what = random_.next() % 10;
            if (options_.with_deletion && random_.next() % 8 == 0) {
                co_await delete_somewhere(rig);
            } else if (what < 5) {
                for (std::uint64_t n = 1 + random_.next() % 6; n > 0; --n) append(rig, &appends);
                co_await env::sleep(world_.loop(), std::chrono::microseconds(random_.next() % 3000));
            } else if (what < 9) {
                co_await read_somewhere(rig);
            } else {
                co_await env::sleep(world_.loop(), std::chrono::milliseconds(random_.next() % 2500));
            }
        }
        co_await appends.close();
        if (cut_ || !finding_.empty()) co_return;
        if (!rig->fatal().empty()) finding_ = "fatal: " + rig->fatal();
        if (!stops_cleanly) co_return;
        co_await compare_all(rig, false);
        auto stopped = co_await rig->stop();
        if (!stopped) finding_ = "stop: " + stopped.error().message();
        for (const std::string& file : stored_segments(world_))
            if (!holds_whole_batches(world_, file))
                finding_ = file + " has not its exact length after a clean stop";
        for (std::uint32_t index = 0; index < 1; ++index)
            if (rig->at(index).storage().pinned_bytes != 0) finding_ = "bytes stay pinned after a stop";
    }

    tablet_id any_tablet() {
        const hosted_topic& topic = topics_[random_.next() % topics_.size()];
        return {topic.id, partition_id(static_cast<std::int32_t>(random_.next() % topic.partitions))};
    }

    void append(shard_rig* rig, env::gate* open) {
        auto* made = new call;
        made->workload = this;
        made->tablet = any_tablet();
        const std::uint64_t bytes =
            random_.next() % 8 == 0 ? 61 + random_.next() % 12'000 : 61 + random_.next() % 900;
        made->kept = make_test_batch(bytes, 1 + static_cast<std::int32_t>(random_.next() % 3), 1000,
                                     static_cast<std::uint8_t>(random_.next()));
        // Not from `kept`, which is the model's.
        auto sent = std::make_shared<byte_vector>(made->kept);
        made->batch = *sent;
        made->owner = sent;
        made->open = open;
        CHECK(open->enter());
        rig->at(0).append(*made);
    }

    void note(call& done) {
        if (done.outcome.code != tablet_errc::ok) {
            if (!cut_ && !dead_)
                finding_ = fmt::format("an append ends with code {}", static_cast<int>(done.outcome.code));
            return;
        }
        assign_record_batch(done.kept.data(), done.outcome.base_offset, epoch_);
        expected_[done.tablet].acknowledged[done.outcome.base_offset.value()] = std::move(done.kept);
    }

    /// Compares whole batches with what was acknowledged, from the one that holds `from` on.
    void compare(tablet_id tablet, offset from, bytes_view bytes) {
        expected& known = expected_[tablet];
        std::int64_t next = -1;
        while (!bytes.empty()) {
            const auto header = read_record_batch_header(bytes);
            if (!header || !record_batch_crc_holds(*header, bytes)) {
                finding_ = fmt::format("no batch where offset {} should be", next < 0 ? from.value() : next);
                return;
            }
            if (next < 0 ? header->last_offset() < from || header->base_offset > from
                         : header->base_offset.value() != next) {
                finding_ = fmt::format("offset {} where {} should be", header->base_offset,
                                       next < 0 ? from.value() : next);
                return;
            }
            const auto at = known.acknowledged.find(header->base_offset.value());
            if (at != known.acknowledged.end() &&
                !std::ranges::equal(at->second, bytes.first(header->size_bytes()))) {
                finding_ = fmt::format("the batch at offset {} is another one", header->base_offset);
                return;
            }
            next = header->next().value();
            bytes = bytes.subspan(header->size_bytes());
        }
    }

    env::task<> read_somewhere(shard_rig* rig) {
        const tablet_id tablet = any_tablet();
        const expected& known = expected_[tablet];
        if (known.acknowledged.empty()) co_return;
        auto at = known.acknowledged.begin();
        std::advance(at, random_.next() % known.acknowledged.size());
        read_request request;
        request.tablet = tablet;
        request.from = offset(at->first);
        request.bytes_max = 1 + random_.next() % 20'000;
        auto read = co_await rig->at(0).read(request);
        if (cut_ || dead_) co_return;
        if (read.code == tablet_errc::offset_out_of_range && request.from < read.log_start_offset) co_return;
        if (read.code != tablet_errc::ok) {
            finding_ =
                fmt::format("a read of {} ends with code {}", request.from, static_cast<int>(read.code));
            co_return;
        }
        if (read.bytes == 0) finding_ = fmt::format("nothing at acknowledged offset {}", request.from);
        byte_vector bytes;
        for (const auto& piece : read.records)
            bytes.insert(bytes.end(), piece.bytes.begin(), piece.bytes.end());
        compare(tablet, request.from, bytes);
    }

    env::task<> delete_somewhere(shard_rig* rig) {
        log_start_request request;
        request.tablet = any_tablet();
        expected& known = expected_[request.tablet];
        if (known.acknowledged.empty()) co_return;
        const std::int64_t from = known.acknowledged.begin()->first;
        const auto span = static_cast<std::uint64_t>(known.acknowledged.rbegin()->first - from + 1);
        if (random_.next() % 10 != 0)
            request.to = offset(from + static_cast<std::int64_t>(random_.next() % span));
        const log_start_outcome moved = co_await rig->at(0).move_log_start(request);
        if (cut_ || dead_) co_return;
        if (moved.code != tablet_errc::ok || (request.to && moved.log_start < *request.to)) {
            finding_ = fmt::format("a deletion ends with code {} at {}", static_cast<int>(moved.code),
                                   moved.log_start);
            co_return;
        }
        // It was told: it never goes back.
        known.log_start = std::max(known.log_start, moved.log_start.value());
        const auto first_left = std::ranges::find_if(known.acknowledged, [&](const auto& one) {
            return read_record_batch_header(one.second)->last_offset().value() >= known.log_start;
        });
        known.acknowledged.erase(known.acknowledged.begin(), first_left);
    }

    /// After a start, before any append, the epoch checkpoints say all.
    env::task<> compare_all(shard_rig* rig, bool with_epochs) {
        for (const hosted_topic& topic : topics_) {
            for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
                const tablet_id tablet{topic.id, partition_id(partition)};
                list_offset_request earliest;
                earliest.tablet = tablet;
                earliest.query = offset_query::earliest;
                auto start = co_await rig->at(0).list_offset(earliest);
                auto all = co_await rig->read_all(tablet);
                if (cut_ || dead_) co_return;
                if (!all && all.error().code == tablet_errc::offset_out_of_range)
                    continue;  // retention moved the start meanwhile
                if (!all) {
                    finding_ = "reading all: " + all.error().message();
                    co_return;
                }
                adopt(tablet, start.found_offset, *all);
                if (with_epochs) compare_epochs(topic.name, partition, offset(start.found_offset), *all);
                if (!finding_.empty()) co_return;
            }
        }
    }

    void compare_epochs(const std::string& topic, std::int32_t partition, offset log_start,
                        bytes_view bytes) {
        const std::string directory = fmt::format("/data/logs/{}-{}", topic, partition);
        if (bytes.empty()) return;
        if (epochs_of_file(world_, directory, log_start) != epochs_of_batches(bytes, log_start))
            finding_ = directory + ": the epoch checkpoint does not agree with the batches";
    }

    void adopt(tablet_id tablet, std::int64_t log_start, bytes_view bytes) {
        expected& known = expected_[tablet];
        if (log_start < known.log_start) finding_ = "the log start went back";
        known.log_start = log_start;
        // A batch that the log start cuts through is there as a whole.
        std::erase_if(known.acknowledged, [&](const auto& one) {
            return read_record_batch_header(one.second)->last_offset().value() < log_start;
        });
        if (!bytes.empty()) compare(tablet, offset(log_start), bytes);
        if (!finding_.empty()) return;
        offsets found;
        while (!bytes.empty()) {
            const auto header = *read_record_batch_header(bytes);
            found.emplace(
                header.base_offset.value(),
                byte_vector(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header.size_bytes())));
            bytes = bytes.subspan(header.size_bytes());
        }
        for (const auto& [at, batch] : known.acknowledged)
            if (!found.contains(at)) finding_ = fmt::format("acknowledged offset {} is lost", at);
        known.acknowledged = std::move(found);
    }

    workload_options options_;
    env::sim_random random_;
    env::sim_world world_;
    std::vector<hosted_topic> topics_;
    std::map<tablet_id, expected> expected_;
    leader_epoch epoch_;
    bool cut_ = false;
    bool dead_ = false;
    std::string finding_;
};

}  // namespace logstore
