#include "shard/store.h"

#include <algorithm>
#include <charconv>

#include "base/logging.h"
#include "env/lanes.h"
#include "log/log_errc.h"
#include "log/segment_files.h"
#include "shard/call.h"
#include "shard/data_directory.h"
#include "shard/journal_budget.h"
#include "shard/lack_of_space.h"

namespace logstore {
namespace {

recovery_options recovery_options_of(const store_options& options) {
    recovery_options out;
    out.journal_folder = options.shard.journal_folder;
    out.recovery_folder = options.shard.recovery_folder;
    out.logs_folder = options.shard.logs_folder;
    out.boot = options.shard.boot;
    out.open_files_max = options.shard.open_files_max;
    out.accept_loss = options.accept_loss;
    return out;
}

tablet_settings settings_of(const cluster::topic_settings& from, std::int32_t partition_count) {
    tablet_settings out;
    out.log.segment_bytes = static_cast<std::uint64_t>(from.segment_bytes);
    out.log.segment_ms = from.segment_ms;
    out.log.retention_bytes = from.retention_bytes;
    out.log.retention_ms = from.retention_ms;
    out.batch_bytes_max = static_cast<std::size_t>(from.message_bytes_max);
    out.log_append_time = from.timestamps == cluster::timestamp_type::log_append_time;
    out.keeps_key_view = from.keeps_key_view;
    out.partition_count = partition_count;
    return out;
}

std::shared_ptr<const std::vector<hosted_topic>> hosted_topics_of(const std::vector<cluster::topic_ptr>& topics) {
    auto hosted = std::make_shared<std::vector<hosted_topic>>();
    for (const cluster::topic_ptr& topic : topics)
        hosted->push_back({topic->id, topic->name, topic->partition_count,
                           settings_of(topic->settings, topic->partition_count)});
    return hosted;
}

/// What to do when the journals cannot be made.
error cannot_make_journals(const store_options& options, std::size_t shards, error why) {
    if (!is_lack_of_space(why.code)) return why;
    const journal_sizes sizes{options.shard.journal_file_bytes, options.shard.journal_files, static_cast<std::uint32_t>(shards)};
    return error(why.code, fmt::format("no room for the journals in {}: all of them take {} bytes; make room there, or give "
                                       "fewer --shards or smaller storage.journal_file_bytes",
                                       options.shard.journal_folder, sizes.total_bytes()));
}

std::string cannot_tell_owner(const std::string& directory, const error& why) {
    return fmt::format("cannot tell whose records {} holds: {}. It was left where it is. Start again when the disk can be read, "
                       "or restore its partition.metadata; moved out of the data directory, its records are lost",
                       directory, why.message());
}

constexpr std::string_view deletion_ending = "-delete";

/// Directories whose owner is read at the same time.
constexpr std::size_t owners_read_together = 64;

/// The topic id in `<topic>-<partition>.<id>-delete`.
std::optional<topic_id> renamed_topic_of(std::string_view name) {
    if (!name.ends_with(deletion_ending)) return std::nullopt;
    name.remove_suffix(deletion_ending.size());
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? std::nullopt : topic_id::from_text(name.substr(dot + 1));
}

struct owned_tablet_directory {
    std::string name;
    std::optional<topic_partition> tablet;  // what its name says
    result<topic_id> owner;                 // what its metadata says, when it has such a name
};

env::task<> read_owner(env::file_system* files, const std::string* logs, owned_tablet_directory* of) {
    if (of->tablet) of->owner = co_await read_partition_metadata(files, *logs + "/" + of->name);
}

/// All but those that wait for their removal.
env::task<result<std::vector<owned_tablet_directory>>> list_tablet_directories(env::file_system* files, std::string logs) {
    auto entries = co_await files->list(logs);
    if (!entries) co_return std::unexpected(entries.error());
    std::vector<owned_tablet_directory> found;
    for (env::directory_entry& entry : *entries)
        if (!renamed_topic_of(entry.name)) found.push_back({entry.name, parse_tablet_directory_name(entry.name), {}});
    co_await env::run_in_lanes(found.size(), owners_read_together,
                               [&](std::size_t index) { return read_owner(files, &logs, &found[index]); });
    co_return found;
}

/// Whether `name` is that of a key view (shard::view_directory) which some topic keeps.
bool is_view_wanted(const cluster::topic_image& image, std::string_view name) {
    const std::size_t dash = name.rfind('-');
    if (dash == std::string_view::npos) return false;
    const auto id = topic_id::from_text(name.substr(0, dash));
    std::int32_t partition = -1;
    const char* end = name.data() + name.size();
    const auto [rest, failure] = std::from_chars(name.data() + dash + 1, end, partition);
    if (!id || failure != std::errc{} || rest != end) return false;
    const cluster::topic_ptr topic = image.find(*id);
    return topic != nullptr && topic->settings.keeps_key_view && partition >= 0 && partition < topic->partition_count;
}

}  // namespace

store::store(std::vector<env::environment> worlds, store_options options, std::function<void(error)> on_fatal)
    : worlds_(std::move(worlds)), home_(worlds_.front()), options_(std::move(options)), on_fatal_(std::move(on_fatal)),
      publishing_(home_.loop) {
    options_.shard.journal_folder = folder("journal");
    options_.shard.recovery_folder = folder("recovery");
    options_.shard.logs_folder = folder("logs");
    options_.shard.views_folder = folder("kv");
}

store::~store() = default;

env::task<result<std::unique_ptr<store>>> store::open(std::vector<env::environment> worlds, store_options options,
                                                      std::function<void(error)> on_fatal) {
    std::unique_ptr<store> made(new store(std::move(worlds), std::move(options), std::move(on_fatal)));
    auto opened = co_await made->open_all();
    if (!opened) {
        // What was opened is closed again, so that the caller may go on.
        auto stopped = co_await made->stop();
        (void)stopped;
        co_return std::unexpected(opened.error());
    }
    co_return made;
}

env::task<result<std::vector<std::string>>> store::find_damage(env::environment world, std::string data_dir) {
    auto exists = co_await is_data_directory(world, data_dir);
    if (!exists) co_return std::unexpected(exists.error());
    if (!*exists) co_return fail(log_errc::not_found, "there is no store in " + data_dir);
    auto owned = co_await open_data_directory(world, data_dir);
    if (!owned) co_return std::unexpected(owned.error());
    recovery_options options;
    options.journal_folder = data_dir + "/journal";
    options.recovery_folder = data_dir + "/recovery";
    options.logs_folder = data_dir + "/logs";
    co_return co_await logstore::find_damage(world, options);
}

env::task<result<>> store::open_all() {
    auto directory = co_await open_directory();
    if (!directory) co_return directory;
    auto sized = co_await size_journals();
    if (!sized) co_return sized;
    auto metadata = co_await open_metadata();
    if (!metadata) co_return metadata;
    auto sorted = co_await sort_directories();
    if (!sorted) co_return sorted;
    auto recovered = co_await recover();
    if (!recovered) co_return recovered;
    auto views = co_await sort_views();
    if (!views) co_return views;
    co_return co_await start_shards();
}

env::task<result<>> store::open_directory() {
    const std::string& data_dir = options_.data_dir;
    auto owned = co_await open_data_directory(home_, data_dir);
    if (!owned) co_return std::unexpected(owned.error());
    lock_ = std::move(owned->lock);
    for (const char* name : {"journal", "recovery", "logs"}) {
        auto folder_made = co_await home_.files.make_directory(folder(name));
        if (!folder_made) co_return std::unexpected(cannot_write_to(data_dir, folder_made.error()));
    }
    co_return co_await home_.files.sync_directory(data_dir);
}

env::task<result<>> store::size_journals() {
    shard_options& options = options_.shard;
    const journal_sizes asked{options.journal_file_bytes, options.journal_files, static_cast<std::uint32_t>(worlds_.size())};
    auto chosen = co_await choose_journals_in(home_, options.journal_folder, options_.data_dir, asked);
    if (!chosen) co_return std::unexpected(chosen.error());
    if (!chosen->why_smaller.empty()) log_info("store", "{}", chosen->why_smaller);
    options.journal_file_bytes = chosen->sizes.file_bytes;
    options.reserve_bytes = std::max(options.reserve_bytes, chosen->sizes.total_bytes());
    // A batch goes into one journal entry and is pinned until it is written: a larger setting could never be used.
    const std::uint64_t batch_bytes_max =
        std::min(journal_batch_bytes_max(options.journal_file_bytes), options.pinned_bytes_max / 2);
    std::int32_t& limit = options_.topics.limits.configs.message_bytes_max;
    limit = static_cast<std::int32_t>(std::min(batch_bytes_max, static_cast<std::uint64_t>(limit)));
    co_return result<>{};
}

env::task<result<>> store::open_metadata() {
    cluster::embedded_metadata_options options;
    options.on_failure = on_fatal_;
    options.database.on_failed_write = on_fatal_;
    auto opened = co_await cluster::embedded_metadata_store::open(&home_.workers, &home_.loop, folder("metadata"), options);
    if (!opened) co_return std::unexpected(opened.error());
    metadata_ = std::move(*opened);
    auto begun = co_await cluster::begin_boot(metadata_.get(), &home_.random);
    if (!begun) co_return std::unexpected(begun.error());
    identity_ = std::move(*begun);
    options_.shard.boot = identity_.boot;
    auto topics = co_await cluster::topic_directory::open(metadata_.get(), &home_.loop, &home_.random, options_.topics);
    if (!topics) co_return std::unexpected(topics.error());
    topics_ = std::move(*topics);
    co_return result<>{};
}

env::task<result<>> store::sort_directories() {
    const auto image = topics_->image();
    const std::string& logs = options_.shard.logs_folder;
    auto known = std::make_shared<std::unordered_set<tablet_id>>();
    auto directories = co_await list_tablet_directories(&home_.files, logs);
    if (!directories) co_return std::unexpected(directories.error());
    for (const owned_tablet_directory& entry : *directories) {
        const std::string path = logs + "/" + entry.name;
        std::string why = "its name is not a topic's";
        if (entry.tablet) {
            const result<topic_id>& id = entry.owner;
            const cluster::topic_ptr topic = image->find(entry.tablet->topic);
            const bool is_known =
                id && topic && topic->id == *id && entry.tablet->partition.value() < topic->partition_count;
            if (is_known) {
                known->insert({topic->id, entry.tablet->partition});
                continue;
            }
            if (id && image->find_deleted(*id) != nullptr) {
                auto renamed = co_await home_.files.rename(path, deleted_directory_name(path, *id));
                if (!renamed) co_return renamed;
                continue;
            }
            // A directory that never got its metadata never got a record: whoever owns the name makes it again.
            if (!id && topic && id.error().code == std::errc::no_such_file_or_directory) continue;
            // Acknowledged records may lie there: nobody moves them away because the disk did not answer, or answered wrongly.
            if (!id && topic) co_return fail(id.error().code, cannot_tell_owner(path, id.error()));
            why = id ? "its topic id is not known" : id.error().message();
        }
        auto made = co_await home_.files.make_directory(folder("quarantine"));
        if (!made) co_return made;
        const std::string target = fmt::format("{}/{}.{}", folder("quarantine"), entry.name, identity_.boot);
        log_warning("store", "{} is moved to {}: {}", path, target, why);
        auto moved = co_await home_.files.rename(path, target);
        if (!moved) co_return moved;
        auto synced = co_await home_.files.sync_directory(folder("quarantine"));
        if (!synced) co_return synced;
    }
    known_directories_ = std::move(known);
    co_return co_await home_.files.sync_directory(logs);
}

env::task<result<>> store::sort_views() {
    const std::shared_ptr<const kv::view_resources> resources = options_.shard.views;
    if (resources == nullptr) co_return result<>{};
    const std::string& views = options_.shard.views_folder;
    auto made = co_await home_.files.make_directory(views);
    if (!made) co_return std::unexpected(cannot_write_to(options_.data_dir, made.error()));
    auto entries = co_await home_.files.list(views);
    if (!entries) co_return std::unexpected(entries.error());
    const auto image = topics_->image();
    for (const env::directory_entry& entry : *entries) {
        // What was lost from the logs may be in their views, and offsets are given again.
        if (is_view_wanted(*image, entry.name) && !options_.accept_loss) continue;
        const std::string path = views + "/" + entry.name;
        log_info("store", "{} is removed: no topic keeps this key view, or its log was cut", path);
        const auto removed = co_await env::run_blocking(home_.workers, home_.loop, [path, resources] {
            return kv::view_database::remove(path, *resources);
        });
        if (!removed) log_warning("store", "{}", removed.error().message());
    }
    co_return result<>{};
}

env::task<result<>> store::recover() {
    const auto image = topics_->image();
    tablet_topic_lookup topic_of = [image](const tablet_id& id) -> std::string {
        const cluster::topic_ptr topic = image->find(id.topic);
        return topic && id.partition.value() < topic->partition_count ? topic->name : std::string();
    };
    recovery_options options = recovery_options_of(options_);
    options.known_directories = std::exchange(known_directories_, {});
    auto recovered = co_await recover_store(home_, options, std::move(topic_of));
    if (!recovered) co_return std::unexpected(recovered.error());
    recovered_ = std::move(*recovered);
    co_return co_await remove_obsolete_files(home_, options, static_cast<std::uint32_t>(worlds_.size()),
                                             options_.shard.journal_files);
}

env::task<result<>> store::start_shards() {
    std::vector<shard*> peers;
    for (std::uint32_t index = 0; index < worlds_.size(); ++index) {
        hosted_shard made;
        const auto on_fatal = on_fatal_;
        made.owner = std::make_unique<shard>(worlds_[index], shard_id(index), options_.shard,
                                             [on_fatal](error why) { on_fatal(std::move(why)); });
        peers.push_back(made.owner.get());
        shards_.push_back(std::move(made));
    }
    for (const hosted_shard& one : shards_) one.owner->set_peers(peers);
    for (const hosted_shard& one : shards_) {
        shard* owner = one.owner.get();
        const journal_sequence first = recovered_.first_sequence;
        const std::uint64_t salt = recovered_.journal_salt;
        auto open_there = [owner, first, salt] { return owner->open(first, salt); };
        auto opened = co_await call_on(home_.loop, owner->world().loop, owner->work(), std::move(open_there));
        if (!opened) co_return fail(tablet_errc::stopping);
        if (!*opened) co_return std::unexpected(cannot_make_journals(options_, worlds_.size(), opened->error()));
    }
    auto points = std::make_shared<std::unordered_map<tablet_id, recovery_point>>(std::move(recovered_.points));
    auto published = co_await publish_topics(std::move(points));
    if (!published) co_return published;
    for (const cluster::deleted_topic& gone : topics_->image()->deleted_topics()) env::spawn(work_, remove_deleted(gone));
    co_return result<>{};
}

env::task<result<>> store::publish_topics(found_points found) {
    co_await publishing_.take();
    auto published = co_await publish_in_turn(std::move(found));
    publishing_.give();
    co_return published;
}

env::task<result<>> store::publish_in_turn(found_points found) {
    const std::shared_ptr<const cluster::topic_image> image = topics_->image();
    if (published_ != nullptr && image->revision() == published_->revision() && !found) co_return result<>{};
    // Most changes add topics: then only those are looked at, however many there are besides.
    cluster::topic_image::changes changes;
    if (published_ != nullptr) changes = image->changes_since(*published_);
    const bool is_whole = published_ == nullptr || changes.has_removals;
    const auto hosted = hosted_topics_of(is_whole ? image->topics() : changes.set);
    for (hosted_shard& one : shards_) {
        if (!is_whole) break;
        shard* owner = one.owner.get();
        auto remove_there = [owner, hosted] { return owner->remove_topics_except(hosted); };
        auto removed = co_await call_on(home_.loop, owner->world().loop, owner->work(), std::move(remove_there));
        if (!removed) co_return fail(tablet_errc::stopping);
        if (!*removed) co_return *removed;
    }
    for (hosted_shard& one : shards_) {
        // Tablets first, then the image: a front door never names a tablet that its shard has not.
        hosted_shard* target = &one;
        auto set_there = [target, is_whole, hosted, found]() -> env::task<result<>> {
            return is_whole ? target->owner->set_topics(hosted, found) : target->owner->add_topics(hosted, found);
        };
        auto set = co_await call_on(home_.loop, one.owner->world().loop, one.owner->work(), std::move(set_there));
        if (!set) co_return fail(tablet_errc::stopping);
        if (!*set) co_return *set;
    }
    struct image_setter {
        static env::task<result<>> run(hosted_shard* target, std::shared_ptr<const cluster::topic_image> image) {
            target->image = std::move(image);
            co_return result<>{};
        }
    };
    for (hosted_shard& one : shards_) {
        hosted_shard* target = &one;
        auto set_there = [target, image] { return image_setter::run(target, image); };
        auto set = co_await call_on(home_.loop, one.owner->world().loop, one.owner->work(), std::move(set_there));
        if (!set) co_return fail(tablet_errc::stopping);
    }
    published_ = image;
    co_return result<>{};
}

env::task<result<cluster::topic>> store::create_here(cluster::new_topic wanted) {
    const bool validate_only = wanted.validate_only;
    auto created = co_await topics_->create_topic(std::move(wanted));
    if (!created || validate_only) co_return created;
    auto published = co_await publish_topics(nullptr);
    if (!published) co_return std::unexpected(published.error());
    co_return created;
}

env::task<result<cluster::topic>> store::create_topic(shard* asking, cluster::new_topic wanted) {
    auto create_there = [this, wanted = std::move(wanted)] { return create_here(wanted); };
    auto created = co_await call_on(asking->world().loop, home_.loop, work_, std::move(create_there));
    if (!created) co_return fail(tablet_errc::stopping);
    co_return std::move(*created);
}

env::task<result<cluster::deleted_topic>> store::delete_here(topic_id id) {
    auto deleted = co_await topics_->delete_topic(id);
    if (!deleted) co_return deleted;
    auto published = co_await publish_topics(nullptr);
    if (!published) co_return std::unexpected(published.error());
    env::spawn(work_, remove_deleted(*deleted));
    co_return deleted;
}

env::task<result<cluster::deleted_topic>> store::delete_topic(shard* asking, topic_id id) {
    auto delete_there = [this, id] { return delete_here(id); };
    auto deleted = co_await call_on(asking->world().loop, home_.loop, work_, std::move(delete_there));
    if (!deleted) co_return fail(tablet_errc::stopping);
    co_return std::move(*deleted);
}

env::task<result<cluster::topic>> store::add_partitions_here(std::string topic, std::int32_t partition_count,
                                                             bool validate_only) {
    auto grown = co_await topics_->add_partitions(std::move(topic), partition_count, validate_only);
    if (!grown || validate_only) co_return grown;
    auto published = co_await publish_topics(nullptr);
    if (!published) co_return std::unexpected(published.error());
    co_return grown;
}

env::task<result<cluster::topic>> store::add_partitions(shard* asking, std::string topic, std::int32_t partition_count,
                                                        bool validate_only) {
    auto add_there = [this, topic = std::move(topic), partition_count, validate_only] {
        return add_partitions_here(topic, partition_count, validate_only);
    };
    auto grown = co_await call_on(asking->world().loop, home_.loop, work_, std::move(add_there));
    if (!grown) co_return fail(tablet_errc::stopping);
    co_return std::move(*grown);
}

env::task<> store::remove_deleted(cluster::deleted_topic gone) {
    const std::string& logs = options_.shard.logs_folder;
    for (std::int32_t partition = 0; partition < gone.partition_count; ++partition) {
        const std::string directory = logs + "/" + tablet_directory_name(gone.name, partition_id(partition));
        const std::string renamed = deleted_directory_name(directory, gone.id);
        auto removed = co_await remove_renamed_directory(&home_.files, logs, renamed);
        if (!removed) {
            log_warning("store", "cannot remove {}: {}; it is tried again at the next start", renamed, removed.error().message());
            co_return;
        }
    }
    auto forgotten = co_await topics_->forget_deleted(gone.id);
    if (!forgotten) log_warning("store", "cannot forget the deleted topic {}: {}", gone.name, forgotten.error().message());
}

env::task<result<>> store::stop() {
    result<> outcome;
    co_await work_.close();
    for (const hosted_shard& one : shards_) {
        shard* owner = one.owner.get();
        auto stop_there = [owner] { return owner->stop(); };
        auto stopped = co_await call_on(home_.loop, owner->world().loop, owner->control(), std::move(stop_there));
        if (stopped && !*stopped && outcome) outcome = *stopped;
    }
    if (topics_) co_await topics_->stop();
    if (metadata_) co_await metadata_->close();
    lock_.reset();
    co_return outcome;
}

}  // namespace logstore
