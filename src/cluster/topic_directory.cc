#include "cluster/topic_directory.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/planted_fault.h"
#include "cluster/gate_pass.h"
#include "model/topic_partition.h"

namespace logstore::cluster {
namespace {

/// Changes of one topic that come in between; more than a few mean that something else is wrong.
constexpr int attempts_max = 16;

}  // namespace

/// Room for topics and partitions that are being made, for as long as it lives.
class topic_directory::reservation {
  public:
    reservation(topic_directory& of, std::size_t topics, std::int64_t partitions)
        : of_(of), topics_(topics), partitions_(partitions) {
        of_.reserved_topics_ += topics_;
        of_.reserved_partitions_ += partitions_;
    }
    reservation(const reservation&) = delete;
    reservation& operator=(const reservation&) = delete;
    ~reservation() {
        of_.reserved_topics_ -= topics_;
        of_.reserved_partitions_ -= partitions_;
    }

  private:
    topic_directory& of_;
    const std::size_t topics_;
    const std::int64_t partitions_;
};

env::task<result<std::unique_ptr<topic_directory>>> topic_directory::open(metadata_store* store,
                                                                          env::executor* home,
                                                                          env::random_source* random,
                                                                          topic_directory_options options) {
    std::unique_ptr<topic_directory> made(new topic_directory(*store, *home, *random, options));
    const result<> started = co_await made->feed_.start();
    if (!started) co_return std::unexpected(started.error());
    co_return made;
}

topic_directory::topic_directory(metadata_store& store, env::executor& home, env::random_source& random,
                                 topic_directory_options options)
    : store_(store),
      random_(random),
      options_(options),
      feed_(store, home, options.defaults, options.limits.configs.message_bytes_max) {}

env::task<void> topic_directory::stop() {
    auto all_left = calls_.close();  // from here on no new call; those under way may wait for the feed
    co_await feed_.stop();
    co_await all_left;
}

env::task<result<topic>> topic_directory::create_topic(new_topic wanted) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    topic made;
    made.partition_count = wanted.partition_count.value_or(options_.partitions_default);
    auto configs = check_new(wanted, made.partition_count);
    if (!configs) co_return std::unexpected(configs.error());
    made.name = std::move(wanted.name);
    made.configs = std::move(*configs);
    made.settings = settings_of(made.configs, options_.defaults);
    if (wanted.validate_only) co_return made;
    const std::uint64_t high = random_.next();
    made.id = topic_id::from_random_bits(high, random_.next());

    const reservation room(*this, 1, made.partition_count);
    const std::string key = topic_key(made.name);
    metadata_transaction create;
    create.require_absent(key).put(key, encode_topic(made));
    const auto created = co_await store_.transact(std::move(create));
    if (!created && created.error().code == errc::conflict) co_return co_await why_not_created(made.name);
    if (!created) co_return std::unexpected(created.error());
    made.created = made.modified = *created;
    co_await feed_.caught_up(*created);
    co_return made;
}

result<topic_configs> topic_directory::check_new(const new_topic& wanted,
                                                 std::int32_t partition_count) const {
    if (!is_legal_topic_name(wanted.name)) {
        return fail(errc::invalid_topic_name,
                    "a topic's name is 1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-', but not \".\" or \"..\"");
    }
    if (const topic_ptr taken = image()->find_in_place_of(wanted.name))
        return name_taken(wanted.name, *taken);
    const std::int32_t most = options_.limits.partitions_per_topic_max;
    if (partition_count < 1 || partition_count > most) {
        return fail(errc::invalid_partition_count,
                    fmt::format("a topic has 1 to {} partitions, not {}", most, partition_count));
    }
    LOGSTORE_TRY(check_room(1, partition_count));
    return accept_topic_configs(wanted.configs, options_.limits.configs);
}

result<> topic_directory::check_room(std::size_t more_topics, std::int64_t more_partitions) const {
    const topic_limits& limits = options_.limits;
    const auto now = image();
    if (more_topics > 0 && now->deleted_count() > limits.deleted_topics_max) {
        return fail(errc::limit_reached,
                    fmt::format("{} deleted topics are still on disk", now->deleted_count()));
    }
    if (now->topic_count() + reserved_topics_ + more_topics > limits.topics_max) {
        return fail(errc::limit_reached,
                    fmt::format("this broker holds at most {} topics", limits.topics_max));
    }
    if (now->partition_count() + reserved_partitions_ + more_partitions > limits.partitions_max) {
        return fail(errc::limit_reached,
                    fmt::format("this broker holds at most {} partitions, {} more are too many",
                                limits.partitions_max, more_partitions));
    }
    return {};
}

std::unexpected<error> topic_directory::name_taken(const std::string& name, const topic& by) const {
    if (by.name == name) return fail(errc::topic_exists, fmt::format("the topic {} exists", name));
    return fail(errc::topic_name_collides,
                fmt::format("the name {} differs from the topic {} only in '.' and '_'", name, by.name));
}

env::task<result<topic>> topic_directory::why_not_created(std::string name) {
    const auto stored = co_await store_.get(topic_key(name));
    if (!stored) co_return std::unexpected(stored.error());
    // Gone again: whoever asks once more may find the name free.
    if (!*stored)
        co_return fail(errc::conflict,
                       fmt::format("the topic {} was made and deleted by somebody else", name));
    const auto taken = feed_.read_topic(**stored);
    if (!taken) co_return std::unexpected(taken.error());
    co_return name_taken(name, *taken);
}

env::task<result<topic>> topic_directory::read_topic(std::string name) {
    const auto stored = co_await store_.get(topic_key(name));
    if (!stored) co_return std::unexpected(stored.error());
    if (*stored) {
        auto read = feed_.read_topic(**stored);
        if (!read || read->name == name) co_return read;
    }
    co_return fail(errc::unknown_topic, fmt::format("there is no topic {:.249}", name));
}

env::task<result<deleted_topic>> topic_directory::delete_topic(std::string name) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    const topic_ptr known = image()->find(name);
    if (known == nullptr) co_return fail(errc::unknown_topic, fmt::format("there is no topic {:.249}", name));
    co_return co_await delete_topic(known);
}

env::task<result<deleted_topic>> topic_directory::delete_topic(topic_id id) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    const topic_ptr known = image()->find(id);
    if (known == nullptr)
        co_return fail(errc::unknown_topic, fmt::format("there is no topic of id {}", id.text()));
    co_return co_await delete_topic(known);
}

env::task<result<deleted_topic>> topic_directory::delete_topic(topic_ptr known) {
    topic leaving = *known;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        deleted_topic remembered{leaving.name, leaving.id, leaving.partition_count};
        const std::string key = topic_key(leaving.name);
        metadata_transaction remove;
        remove.require_unchanged(key, leaving.modified).remove(key).with_last_space();
        if (!is_planted(planted_fault::deletion_without_tombstone))
            remove.put(deleted_topic_key(leaving.id), encode_deleted_topic(remembered));
        const auto removed = co_await store_.transact(std::move(remove));
        if (removed) {
            co_await feed_.caught_up(*removed);
            co_return remembered;
        }
        if (removed.error().code != errc::conflict) co_return std::unexpected(removed.error());
        auto latest = co_await read_topic(leaving.name);
        if (!latest) co_return std::unexpected(latest.error());
        if (latest->id != known->id) {
            co_return fail(errc::unknown_topic, fmt::format("there is no topic of id {}", known->id.text()));
        }
        leaving = std::move(*latest);
    }
    co_return fail(errc::conflict);
}

env::task<result<>> topic_directory::forget_deleted(topic_id id) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    metadata_transaction forget;
    forget.remove(deleted_topic_key(id)).with_last_space();
    const auto forgotten = co_await store_.transact(std::move(forget));
    if (!forgotten) co_return std::unexpected(forgotten.error());
    // Not caught_up(): when it was forgotten before, the revision may be one of other metadata, which the
    // image never shows.
    co_return result<>{};
}

env::task<result<topic>> topic_directory::alter_configs(std::string name, std::vector<config_change> changes,
                                                        bool validate_only) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    topic_edit edit = [&](topic& edited) -> result<> {
        for (const config_change& change : changes) {
            if (!change.value) {
                edited.configs.erase(change.name);
                continue;
            }
            auto value = accept_topic_config(change.name, *change.value, options_.limits.configs);
            if (!value) return std::unexpected(value.error());
            edited.configs.insert_or_assign(change.name, std::move(*value));
        }
        return {};
    };
    co_return co_await change_topic(std::move(name), std::move(edit), validate_only);
}

env::task<result<topic>> topic_directory::replace_configs(std::string name, topic_configs configs,
                                                          bool validate_only) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    topic_edit edit = [&](topic& edited) -> result<> {
        auto accepted = accept_topic_configs(configs, options_.limits.configs);
        if (!accepted) return std::unexpected(accepted.error());
        edited.configs = std::move(*accepted);
        return {};
    };
    co_return co_await change_topic(std::move(name), std::move(edit), validate_only);
}

env::task<result<topic>> topic_directory::add_partitions(std::string name, std::int32_t partition_count,
                                                         bool validate_only) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    const std::int32_t most = options_.limits.partitions_per_topic_max;
    topic_edit edit = [&](topic& edited) -> result<> {
        if (partition_count <= edited.partition_count || partition_count > most) {
            return fail(errc::invalid_partition_count,
                        fmt::format("the topic has {} partitions and may have up to {}, not {}",
                                    edited.partition_count, most, partition_count));
        }
        LOGSTORE_TRY(check_room(0, partition_count - edited.partition_count));
        edited.partition_count = partition_count;
        return {};
    };
    co_return co_await change_topic(std::move(name), std::move(edit), validate_only);
}

env::task<result<topic>> topic_directory::change_topic(std::string name, topic_edit edit,
                                                       bool validate_only) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto before = co_await read_topic(name);
        if (!before) co_return before;
        topic after = *before;
        if (const result<> edited = edit(after); !edited) co_return std::unexpected(edited.error());
        after.settings = settings_of(after.configs, options_.defaults);
        const bool same =
            after.configs == before->configs && after.partition_count == before->partition_count;
        if (validate_only || same) co_return after;
        const auto written = co_await write_topic(std::move(*before), std::move(after));
        if (written || written.error().code != errc::conflict) co_return written;
    }
    co_return fail(errc::conflict);
}

env::task<result<topic>> topic_directory::write_topic(topic before, topic after) {
    const reservation room(*this, 0, after.partition_count - before.partition_count);
    const std::string key = topic_key(after.name);
    metadata_transaction write;
    write.require_unchanged(key, before.modified).put(key, encode_topic(after));
    const auto written = co_await store_.transact(std::move(write));
    if (!written) co_return std::unexpected(written.error());
    after.modified = *written;
    co_await feed_.caught_up(*written);
    co_return after;
}

}  // namespace logstore::cluster
