// A store of a few shards in a simulated world: starts, appends, crashes, recovers, reads back. For tests.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/completion.h"
#include "env/testing/sim_world.h"
#include "log/testing/test_batch.h"
#include "shard/recovery.h"
#include "shard/shard.h"
#include "shard/store.h"

namespace logstore {

/// One process of a store on a simulated machine. Made, started, used, and either stopped or abandoned after a crash.
class shard_rig {
  public:
    struct options {
        std::uint32_t shards = 1;
        std::uint64_t journal_file_bytes = 64 * 1024;
        std::uint32_t journal_files = 4;
        std::uint64_t pinned_bytes_max = 1 << 20;
        tablet_settings settings;
        /// Last word on the options of every shard.
        std::function<void(shard_options&)> tune;
        /// A whole store instead of its shards alone, here: on the simulated disk, but for the metadata, which RocksDB keeps in
        /// the same place of the real one. It knows its topics itself.
        std::string store_dir;
        cluster::topic_settings topic_defaults;
    };

    shard_rig(env::sim_world& world, boot_number boot, options the_options) : world_(world), boot_(boot), options_(the_options) {}

    /// Folders, recovery, shards. The error of recovery, when there is one.
    env::task<result<>> start(std::vector<hosted_topic> topics) {
        if (!options_.store_dir.empty()) co_return co_await start_store();
        topics_ = std::make_shared<const std::vector<hosted_topic>>(std::move(topics));
        env::environment world = world_.shard(0);
        for (const char* folder : {"/data", "/data/journal", "/data/recovery", "/data/logs"}) {
            auto made = co_await world.files.make_directory(folder);
            if (!made) co_return made;
        }
        for (const char* folder : {"/", "/data"}) {
            auto synced = co_await world.files.sync_directory(folder);
            if (!synced) co_return synced;
        }
        recovery_options recovery;
        recovery.journal_folder = "/data/journal";
        recovery.recovery_folder = "/data/recovery";
        recovery.logs_folder = "/data/logs";
        recovery.boot = boot_;
        const auto known = topics_;
        tablet_topic_lookup lookup = [known](const tablet_id& id) -> std::string {
            for (const auto& topic : *known)
                if (topic.id == id.topic && id.partition.value() < topic.partitions) return topic.name;
            return {};
        };
        auto recovered = co_await recover_store(world, recovery, lookup);
        if (!recovered) co_return std::unexpected(recovered.error());
        recovered_ = std::move(*recovered);
        auto cleaned = co_await remove_obsolete_files(world, recovery, options_.shards, options_.journal_files);
        if (!cleaned) co_return cleaned;
        std::vector<shard*> peers;
        for (std::uint32_t index = 0; index < options_.shards; ++index) {
            shard_options made = make_shard_options();
            made.journal_folder = recovery.journal_folder;
            made.recovery_folder = recovery.recovery_folder;
            made.logs_folder = recovery.logs_folder;
            made.boot = boot_;
            shards_.push_back(std::make_unique<shard>(world_.shard(index), shard_id(index), made,
                                                      [this](error why) { fatal_ = why.message(); }));
            peers.push_back(shards_.back().get());
        }
        const auto points = std::make_shared<const std::unordered_map<tablet_id, recovery_point>>(recovered_.points);
        for (auto& one : shards_) {
            one->set_peers(peers);
            auto opened = co_await one->open(recovered_.first_sequence, recovered_.journal_salt);
            if (!opened) co_return opened;
            auto set = co_await one->set_topics(topics_, points);
            if (!set) co_return set;
        }
        co_return result<>{};
    }

    shard& at(std::uint32_t index) { return store_ ? store_->at(index) : *shards_.at(index); }
    /// Null without store_dir, and when it did not start.
    store* whole_store() { return store_.get(); }
    const recovered_store& recovered() const { return recovered_; }
    const std::string& fatal() const { return fatal_; }

    /// Appends through shard 0 and waits for the outcome.
    env::task<append_outcome> append(tablet_id tablet, byte_vector batch) {
        waiting_call call;
        call.tablet = tablet;
        auto kept = std::make_shared<byte_vector>(std::move(batch));
        call.batch = *kept;
        call.owner = kept;
        at(0).append(call);
        co_return co_await call.done;
    }

    /// Everything readable of a tablet, as one run of bytes.
    env::task<result<byte_vector>> read_all(tablet_id tablet) {
        byte_vector all;
        offset from{-1};
        for (;;) {
            read_request request;
            request.tablet = tablet;
            request.bytes_max = 10'000;
            if (from.value() < 0) {
                list_offset_request earliest;
                earliest.tablet = tablet;
                earliest.query = offset_query::earliest;
                auto found = co_await at(0).list_offset(earliest);
                from = offset(found.found_offset);
            }
            request.from = from;
            auto read = co_await at(0).read(request);
            if (read.code != tablet_errc::ok) co_return fail(read.code);
            if (read.bytes == 0) co_return all;
            byte_vector piece;
            for (const auto& part : read.records) piece.insert(piece.end(), part.bytes.begin(), part.bytes.end());
            for (std::size_t at_byte = 0; at_byte < piece.size();) {
                const auto header = read_record_batch_header(bytes_view(piece).subspan(at_byte));
                if (!header || !record_batch_crc_holds(*header, bytes_view(piece).subspan(at_byte)))
                    co_return fail(tablet_errc::corrupt_batch);
                // A read begins where it was asked to begin, or says that it cannot.
                if (at_byte == 0 && header->base_offset > from) co_return fail(tablet_errc::corrupt_batch);
                if (header->last_offset() >= from) from = first_not_below(header->next());
                at_byte += header->size_bytes();
            }
            all.insert(all.end(), piece.begin(), piece.end());
        }
    }

    env::task<result<>> stop() {
        stopped_ = true;
        if (store_) co_return co_await store_->stop();
        result<> outcome;
        for (auto& one : shards_) {
            auto stopped = co_await one->stop();
            if (!stopped) outcome = stopped;
        }
        co_return outcome;
    }

    /// After a crash: lets everything of the dead process fall over, so that its objects can go.
    void abandon() {
        if (std::exchange(stopped_, true)) return;
        if (store_) {
            auto stopping = world_.start(store_->stop());
            world_.run_until([&] { return stopping.done(); });
        }
        for (auto& one : shards_) {
            auto stopping = world_.start(one->stop());
            world_.run_until([&] { return stopping.done(); });
        }
    }

  private:
    struct waiting_call final : append_call {
        env::completion<append_outcome> done;
        void on_appended() override { done.set(outcome); }
    };

    shard_options make_shard_options() const {
        shard_options made;
        made.journal_file_bytes = options_.journal_file_bytes;
        made.journal_files = options_.journal_files;
        made.pinned_bytes_max = options_.pinned_bytes_max;
        made.reserve_bytes = 0;
        if (options_.tune) options_.tune(made);
        return made;
    }
    env::task<result<>> start_store() {
        env::environment world = world_.shard(0);
        const std::string& folder = options_.store_dir;
        for (std::size_t slash = folder.find('/', 1); slash != std::string::npos; slash = folder.find('/', slash + 1)) {
            const std::string parent = folder.substr(0, slash);
            auto made = co_await world.files.make_directory(parent);
            if (!made) co_return made;
            auto synced = co_await world.files.sync_directory(parent.substr(0, std::max<std::size_t>(1, parent.rfind('/'))));
            if (!synced) co_return synced;
        }
        std::vector<env::environment> worlds;
        for (std::uint32_t index = 0; index < options_.shards; ++index) worlds.push_back(world_.shard(index));
        store_options options;
        options.data_dir = folder;
        options.shard = make_shard_options();
        options.topics.defaults = options_.topic_defaults;
        auto opened = co_await store::open(std::move(worlds), std::move(options), [this](error why) { fatal_ = why.message(); });
        if (!opened) co_return std::unexpected(opened.error());
        store_ = std::move(*opened);
        co_return result<>{};
    }

    env::sim_world& world_;
    boot_number boot_;
    options options_;
    std::unique_ptr<store> store_;
    std::shared_ptr<const std::vector<hosted_topic>> topics_;
    recovered_store recovered_;
    std::vector<std::unique_ptr<shard>> shards_;
    std::string fatal_;
    bool stopped_ = false;
};

}  // namespace logstore
