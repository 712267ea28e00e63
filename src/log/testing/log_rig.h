// One tablet's log with a journal of its own in a simulated world, over several clean starts. For tests.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "env/testing/sim_world.h"
#include "log/log_reader.h"
#include "log/tablet_log.h"
#include "log/testing/test_batch.h"

namespace logstore {

/// open(), append and read, close(); the next open() finds what close() left, as after a clean stop.
class log_rig final : public journal_listener {
  public:
    explicit log_rig(std::uint64_t seed, tablet_log_settings the_settings = {})
        : world(seed), settings(the_settings) {
        for (const char* folder : {"/data", "/data/journal", "/data/logs"})
            CHECK(world.run(world.shard().files.make_directory(folder)));
    }
    ~log_rig() override {
        if (context_) world.run(context_->ahead.close());
        if (journal_) world.run(journal_->close());
    }

    void open() {
        journal_options options;
        options.folder = "/data/journal";
        options.file_bytes = std::uint64_t(1) << 20;
        journal_ = std::make_unique<journal>(world.shard(), options, *this);
        CHECK(world.run(journal_->open(first_, 7)));
        context_ = std::make_unique<log_context>(world.shard(), *journal_, "/data/logs", 16,
                                                 index_cache_bytes, tail_cache_bytes);
        log_ = std::make_unique<tablet_log>(*context_, id, "t", settings, found_);
    }
    void close() {
        CHECK(world.run(log_->close()));
        found_ = log_->point();
        first_ = journal_->collecting_sequence() + 1;
        world.run(journal_->close());
        log_.reset();
        world.run(context_->ahead.close());
        context_.reset();
        journal_.reset();
    }

    struct placed {
        log_location end;
        next_offset next;
        journal_sequence sequence;
    };
    /// As a tablet does it; in the journal's collecting group when it returns.
    placed put(leader_epoch epoch, std::size_t bytes, std::int32_t records = 1,
               std::int64_t timestamp = 1000) {
        const byte_vector batch =
            make_test_batch(bytes, records, timestamp, static_cast<std::uint8_t>(next_fill_++));
        record_batch_header header = *read_record_batch_header(batch);
        header.base_offset = first_not_below(log_->next());
        header.epoch = epoch;
        const log_location at = log_->place(header, bytes, timestamp_ms(timestamp));
        const mutable_bytes room = journal_->begin_entry(bytes);
        std::ranges::copy(batch, room.begin());
        assign_record_batch(room.data(), header.base_offset, epoch);
        journal_entry_header entry;
        entry.tablet = id;
        entry.epoch = epoch;
        entry.base_offset = header.base_offset;
        entry.next = header.next();
        entry.segment_base = at.segment_base;
        entry.position = byte_position(at.position);
        const journal_sequence sequence = journal_->end_entry(entry);
        log_->append(header, room, sequence, timestamp_ms(timestamp));
        expected.emplace(header.base_offset.value(), byte_vector(room.begin(), room.end()));
        return {{at.segment_base, at.position + bytes}, header.next(), sequence};
    }
    void make_durable(const placed& appended) {
        CHECK(world.run(journal_->until_durable(appended.sequence)));
        log_->note_durable(appended.end, appended.next);
        leave_room();
    }
    void append(leader_epoch epoch, std::size_t bytes, std::int32_t records = 1,
                std::int64_t timestamp = 1000) {
        make_durable(put(epoch, bytes, records, timestamp));
    }

    tablet_log& log() { return *log_; }
    log_context& context() { return *context_; }
    journal& appends() { return *journal_; }
    std::string directory() const { return "/data/logs/t-0"; }

    env::sim_world world;
    tablet_log_settings settings;
    std::size_t index_cache_bytes = std::size_t(1) << 20;
    std::uint64_t tail_cache_bytes = std::uint64_t(1) << 20;
    const tablet_id id{topic_id::from_random_bits(1, 1), partition_id(0)};
    std::map<std::int64_t, byte_vector> expected;  // base offset → stored batch

    void on_group_durable(journal_sequence) override {}
    void on_journal_failed(error why) override { CHECK(false, "{}", why.message()); }

  private:
    /// As a checkpoint does, once the journal is half full.
    void leave_room() {
        if (journal_->used_bytes() < journal_->capacity_bytes() / 2) return;
        CHECK(world.run(log_->leave_journal(journal_->durable_sequence())));
        const journal_sequence copied = journal_->last_added_sequence();
        CHECK(world.run(journal_->until_durable(copied)));
        const recovery_point point = log_->point();
        journal_->release_below(point.covered + 1);
        log_->note_recorded(point.segment_base);
    }

    std::optional<recovery_point> found_;
    journal_sequence first_{1};
    std::uint64_t next_fill_ = 1;
    std::unique_ptr<journal> journal_;
    std::unique_ptr<log_context> context_;
    std::unique_ptr<tablet_log> log_;
};

}  // namespace logstore
