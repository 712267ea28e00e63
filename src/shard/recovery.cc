#include "shard/recovery.h"

#include <algorithm>
#include <map>

#include "base/logging.h"
#include "base/planted_fault.h"
#include "env/gate.h"
#include "log/block_images.h"
#include "log/journal_reader.h"
#include "log/log_errc.h"
#include "log/segment_files.h"
#include "log/whole_file.h"
#include "shard/journal_replay.h"
#include "shard/segment_repair.h"

namespace logstore {
namespace {

constexpr std::string_view images_ending = ".images";

struct found_points {
    bool is_first_start = true;
    std::uint64_t journal_salt = 0;
    std::unordered_map<tablet_id, recovery_point> points;
    journal_sequence store_floor{1};                     // of journals whose shard has no file yet
    std::map<std::uint32_t, journal_sequence> floors;    // by shard
};

/// The points of the last run that got as far as serving: what its recovery wrote, then what its shards wrote over that.
env::task<result<found_points>> read_points(env::file_system* files, std::string folder) {
    auto entries = co_await files->list(folder);
    if (!entries) co_return std::unexpected(entries.error());
    std::vector<recovery_point_file> read;
    for (const auto& entry : *entries) {
        if (!is_recovery_points_name(entry.name)) continue;
        const std::string path = folder + "/" + entry.name;
        auto file = co_await read_recovery_points(files, path);
        if (!file) co_return std::unexpected(file.error());
        read.push_back(std::move(*file));
    }
    found_points found;
    boot_number last{0};
    for (const auto& file : read)
        if (file.shards == 0) last = std::max(last, file.boot);
    const auto take = [&](const recovery_point_file& file) {
        for (const auto& point : file.points) found.points.insert_or_assign(point.tablet, point);
    };
    for (const auto& file : read) {
        if (file.boot != last || file.shards != 0) continue;
        take(file);
        found.store_floor = file.floor;
        found.journal_salt = file.journal_salt;
        found.is_first_start = false;
    }
    for (const auto& file : read) {
        if (file.boot != last || file.shards == 0) continue;
        take(file);
        found.floors[file.shard.value()] = file.floor;
    }
    co_return found;
}

std::string say_damage(std::uint32_t shard, const std::vector<std::string>& damage) {
    std::string text = fmt::format("the journal of shard {} is damaged below its last durable group:", shard);
    for (const auto& finding : damage) text += "\n  " + finding;
    return text + "\nAcknowledged records would be lost. Nothing was changed. Restore this data directory from a copy, or go on "
                  "without them: `logstore repair` says what that costs. `logstore inspect journal` shows what the groups "
                  "hold.";
}

struct replay_outcome {
    journal_sequence highest{0};
    bool tail_was_torn = false;
    std::uint64_t groups = 0;
    std::vector<std::string> damage;
};

struct scanned_journal {
    journal_scan scan;
    std::vector<std::unique_ptr<env::file>> handles;
};

env::task<result<std::vector<scanned_journal>>> scan_journals(env::environment world,
                                                              recovery_options options, found_points* found,
                                                              replay_outcome* outcome) {
    auto names = co_await list_journal_files(&world.files, options.journal_folder);
    if (!names) co_return std::unexpected(names.error());
    if (found->is_first_start && !names->empty())
        co_return fail(log_errc::corrupt, options.recovery_folder + " has no recovery points of the journals in " +
                                              options.journal_folder + ". Nothing was changed. Restore it.");
    std::map<std::uint32_t, std::vector<std::string>> by_shard;
    for (const auto& name : *names) by_shard[name.shard.value()].push_back(name.path);
    std::vector<scanned_journal> scanned;
    outcome->highest = found->store_floor - 1;
    for (const auto& [shard, paths] : by_shard) {
        const auto own = found->floors.find(shard);
        const journal_sequence floor = own == found->floors.end() ? found->store_floor : own->second;
        outcome->highest = std::max(outcome->highest, floor - 1);
        auto scan = co_await scan_journal(&world.files, paths, floor, found->journal_salt);
        if (!scan) co_return std::unexpected(scan.error());
        outcome->highest = std::max(outcome->highest, scan->highest);
        outcome->tail_was_torn |= scan->tail_was_torn;
        for (const std::string& finding : scan->damage)
            outcome->damage.push_back(fmt::format("journal of shard {}: {}", shard, finding));
        if (!scan->damage.empty() && !options.accept_loss)
            co_return fail(log_errc::corrupt, say_damage(shard, scan->damage));
        scanned_journal one;
        one.handles.resize(scan->files.size());
        one.scan = std::move(*scan);
        scanned.push_back(std::move(one));
    }
    co_return scanned;
}

env::task<result<byte_vector>> read_payload(env::file_system* files, scanned_journal* from, found_group group) {
    std::unique_ptr<env::file>& handle = from->handles[group.file];
    if (!handle) {
        auto opened = co_await files->open(from->scan.files[group.file], env::open_options::read_only().directly());
        if (!opened) co_return std::unexpected(opened.error());
        handle = std::move(*opened);
    }
    co_return co_await read_journal_payload(handle.get(), group);
}

/// A power cut while recovery rewrites a settled block must not damage it: first the image of each is durable.
env::task<result<>> keep_settled_blocks(env::environment world, recovery_options options,
                                        std::vector<scanned_journal>* journals, journal_replay* replay) {
    for (scanned_journal& journal : *journals) {
        for (const found_group& group : journal.scan.groups) {
            auto payload = co_await read_payload(&world.files, &journal, group);
            if (!payload) co_return std::unexpected(payload.error());
            auto prepared = replay->prepare(group.header.sequence, *payload);
            if (!prepared) co_return prepared;
        }
    }
    auto loaded = co_await replay->load_settled_blocks();
    if (!loaded) co_return loaded;
    std::vector<block_image> images = replay->settled_blocks();
    if (images.empty()) co_return result<>{};
    byte_vector content = encode_block_images(images);
    const std::string name = fmt::format("{}{}", options.boot, images_ending);
    co_return co_await replace_file(&world.files, options.recovery_folder, name, std::move(content));
}

env::task<result<replay_outcome>> replay_journals(env::environment world, recovery_options options, found_points* found,
                                                  journal_replay* replay) {
    replay_outcome outcome;
    auto journals = co_await scan_journals(world, options, found, &outcome);
    if (!journals) co_return std::unexpected(journals.error());
    if (replay->has_settled_blocks()) {
        auto kept = co_await keep_settled_blocks(world, options, &*journals, replay);
        if (!kept) co_return std::unexpected(kept.error());
    }
    for (scanned_journal& journal : *journals) {
        for (const found_group& group : journal.scan.groups) {
            auto payload = co_await read_payload(&world.files, &journal, group);
            if (!payload) co_return std::unexpected(payload.error());
            auto applied = co_await replay->apply(group.header.sequence, std::move(*payload));
            if (!applied) co_return std::unexpected(applied.error());
            ++outcome.groups;
        }
    }
    co_return outcome;
}

/// Those that a recovery which did not end has kept. Bytes of a segment never change: what is found is right, however old.
env::task<result<std::vector<block_image>>> read_images(env::file_system* files, std::string folder) {
    auto entries = co_await files->list(folder);
    if (!entries) co_return std::unexpected(entries.error());
    std::vector<block_image> images;
    for (const auto& entry : *entries) {
        if (!entry.name.ends_with(images_ending)) continue;
        auto read = co_await read_block_images(files, folder + "/" + entry.name);
        if (!read) co_return std::unexpected(read.error());
        std::ranges::move(*read, std::back_inserter(images));
    }
    co_return images;
}

}  // namespace

env::task<result<recovered_store>> recover_store(env::environment world, recovery_options options, tablet_topic_lookup topic_of) {
    auto found = co_await read_points(&world.files, options.recovery_folder);
    if (!found) co_return std::unexpected(found.error());
    auto images = co_await read_images(&world.files, options.recovery_folder);
    if (!images) co_return std::unexpected(images.error());
    journal_replay replay(world, options, topic_of, std::move(found->points), std::move(*images));
    auto replayed = co_await replay_journals(world, options, &*found, &replay);
    if (!replayed) co_return std::unexpected(replayed.error());
    auto finished = co_await replay.finish();
    if (!finished) co_return std::unexpected(finished.error());

    recovered_store store;
    store.points = replay.take_points();
    store.first_sequence = replayed->highest + 1;
    store.replayed_groups = replayed->groups;
    store.replayed_bytes = replay.replayed_bytes();
    store.replayed_tablets = replay.replayed_tablets();
    store.tail_was_torn = replayed->tail_was_torn;
    store.losses = std::move(replayed->damage);
    std::ranges::move(replay.take_losses(), std::back_inserter(store.losses));
    if (options.accept_loss) {
        auto dropped = co_await drop_segment_damage(world, options.logs_folder, &store.points);
        if (!dropped) co_return std::unexpected(dropped.error());
        std::ranges::move(dropped->damage, std::back_inserter(store.losses));
    }
    for (const std::string& loss : store.losses) log_error("recovery", "given up, as asked: {}", loss);

    recovery_point_file file;
    file.boot = options.boot;
    file.floor = store.first_sequence;
    file.journal_salt = store.journal_salt = is_planted(planted_fault::salt_kept) ? 1 : world.random.next();
    for (auto& [id, point] : store.points) {
        point.covered = store.first_sequence - 1;
        file.points.push_back(point);
    }
    if (is_planted(planted_fault::served_before_checkpoint)) co_return store;
    byte_vector content = encode_recovery_points(file);
    auto written = co_await replace_file(&world.files, options.recovery_folder, store_recovery_points_name(options.boot),
                                         std::move(content));
    if (!written) co_return std::unexpected(written.error());
    co_return store;
}

env::task<result<std::vector<std::string>>> find_damage(env::environment world, recovery_options options) {
    auto found = co_await read_points(&world.files, options.recovery_folder);
    if (!found) co_return std::unexpected(found.error());
    options.accept_loss = true;  // so that all of it is found
    replay_outcome outcome;
    auto scanned = co_await scan_journals(world, options, &*found, &outcome);
    if (!scanned) co_return std::unexpected(scanned.error());
    auto segments = co_await find_segment_damage(world, options.logs_folder, &found->points);
    if (!segments) co_return std::unexpected(segments.error());
    std::ranges::move(segments->damage, std::back_inserter(outcome.damage));
    co_return std::move(outcome.damage);
}

env::task<result<>> remove_obsolete_files(env::environment world, recovery_options options, std::uint32_t shards,
                                          std::uint32_t journal_files) {
    auto names = co_await list_journal_files(&world.files, options.journal_folder);
    if (!names) co_return std::unexpected(names.error());
    for (const auto& name : *names) {
        if (name.shard.value() < shards && name.index < journal_files) continue;
        auto removed = co_await world.files.remove_file(name.path);
        if (!removed) co_return removed;
    }
    auto entries = co_await world.files.list(options.recovery_folder);
    if (!entries) co_return std::unexpected(entries.error());
    for (const auto& entry : *entries) {
        if (entry.name == store_recovery_points_name(options.boot)) continue;
        auto removed = co_await world.files.remove_file(options.recovery_folder + "/" + entry.name);
        if (!removed) co_return removed;
    }
    auto synced = co_await world.files.sync_directory(options.journal_folder);
    if (!synced) co_return synced;
    co_return co_await world.files.sync_directory(options.recovery_folder);
}

}  // namespace logstore
