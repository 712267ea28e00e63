// Commands that append: those of a wave are under way together, and answered in their order.
#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "base/check.h"
#include "resp/calls.h"
#include "resp/errors.h"
#include "resp/topics.h"

namespace logstore::resp {
namespace {

/// Commands for the same tablet share a batch up to this size.
constexpr std::size_t shared_batch_bytes_max = std::size_t(256) << 10;
/// Of a record, beside its key, value and headers: about.
constexpr std::size_t record_bytes = 64;

/// Writes of keys to one tablet in one request.
struct key_group {
    tablet_id tablet;
    key_write_request what;
    std::size_t bytes = 0;
    /// Whose each write is: a command, and which of its writes.
    struct place {
        std::uint32_t call;
        std::uint32_t write;
    };
    std::vector<place> places;
    key_write_outcome outcome;
};

/// Records for one tablet in one batch.
struct record_group final : append_call {
    void on_appended() override {
        owner.reset();
        under_way->leave();
    }
    env::gate* under_way = nullptr;
    kafka::record_batch_builder builder;
    std::vector<std::uint32_t> calls;
};

std::size_t bytes_of_write(const key_write& one) {
    return record_bytes + one.key.size() + (one.value ? one.value->size() : 0) + one.headers.size();
}

class writing {
  public:
    writing(wave_context& context, wave& what)
        : with_(context.with), wave_(what), out_(what.replies, context.who.protocol), lookup_(context.with) {}

    env::task<void> run() {
        for (const wave::call& one : wave_.calls) plan(one);
        auto topics = find_topics();
        co_await std::move(topics);
        if (wave_.is_outcome_unknown) co_return;
        auto partitions = find_partitions();
        co_await std::move(partitions);
        for (std::uint32_t i = 0; i < calls_.size(); ++i) group(i);
        for (key_group& one : key_groups_) env::spawn(under_way_, write(&one));
        for (record_group& one : record_groups_) append(one);
        wave_.is_started = true;
        co_await under_way_.close();
        for (key_group& one : key_groups_) take(one);
        for (record_group& one : record_groups_) take(one);
        for (std::uint32_t i = 0; i < calls_.size() && !wave_.is_outcome_unknown; ++i) answer(i);
    }

  private:
    /// A command, where its keys belong, and how it ended.
    struct planned : write_call {
        std::uint32_t topic = 0;
        /// In lookup_.keys, of its first key; where keys are looked up.
        std::size_t first_key = 0;
        tablet_errc code = tablet_errc::ok;
        const char* message = nullptr;
    };

    void plan(const wave::call& one) {
        planned& made = calls_.emplace_back(planned{{with_, wave_.args_of(one)}});
        made.out = &out_;
        one.what->plan_write(made);
        for (const key_write& write : made.writes) {
            if (write.key.size() > key_bytes_max) made.failure = key_too_large();
        }
        if (made.failure.empty()) made.topic = lookup_.topic(made.write_call::topic);
    }

    /// Makes those that are missing, one after another.
    env::task<void> find_topics() {
        for (planned& one : calls_) {
            if (!one.failure.empty() || lookup_.at(one.topic).exists || !one.makes_topic) continue;
            const bool has_view = !one.partition.has_value();
            auto making = make_topic(&with_, std::string(one.write_call::topic), has_view);
            topic_made made = co_await std::move(making);
            if (made.is_unknown) {
                wave_.is_outcome_unknown = true;
                co_return;
            }
            if (!made.is_there) one.failure = std::move(made.why);
            lookup_.look_again(one.topic);
        }
        for (planned& one : calls_) one.has_topic = one.failure.empty() && lookup_.at(one.topic).exists;
    }

    /// Looks for the keys of topics in which a key may be anywhere.
    env::task<void> find_partitions() {
        auto rules = lookup_.find_rules();
        co_await std::move(rules);
        lookup_.with_values = false;
        for (planned& one : calls_) {
            if (!one.has_topic || one.partition) continue;
            const asked_topic& in = lookup_.at(one.topic);
            one.code = in.where.code;
            if (one.code != tablet_errc::ok || in.where.rule != key_placement::unknown) continue;
            one.first_key = lookup_.keys.size();
            for (const key_write& write : one.writes)
                lookup_.keys.push_back({text_of(write.key), one.topic});
        }
        if (lookup_.keys.empty()) co_return;
        auto reading = lookup_.read(with_.options.answer_bytes_max, false);
        const bool fits = co_await std::move(reading);
        for (planned& one : calls_) {
            if (!one.has_topic || one.partition || one.code != tablet_errc::ok) continue;
            if (lookup_.at(one.topic).where.rule != key_placement::unknown) continue;
            if (!fits) one.code = tablet_errc::too_large;
            for (std::size_t i = 0; i < one.writes.size() && one.code == tablet_errc::ok; ++i)
                one.code = lookup_.keys[one.first_key + i].code;
        }
    }

    void group(std::uint32_t index) {
        planned& one = calls_[index];
        one.results.resize(one.writes.size());
        if (!one.has_topic || one.code != tablet_errc::ok) return;
        if (one.partition) return group_record(index);
        const asked_topic& in = lookup_.at(one.topic);
        // By partition, so that what goes to one is in one batch.
        std::map<std::int32_t, std::vector<std::uint32_t>> parts;
        for (std::uint32_t i = 0; i < one.writes.size(); ++i) {
            const std::string_view key = text_of(one.writes[i].key);
            std::int32_t partition = in.where.partition_of(key, in.of.partition_count);
            if (in.where.rule == key_placement::unknown) {
                if (!one.writes[i].value) {
                    // From wherever it is.
                    for (std::int32_t p = 0; p < in.of.partition_count; ++p) parts[p].push_back(i);
                    continue;
                }
                const asked_key& found = lookup_.keys[one.first_key + i];
                if (found.found) partition = found.partition;
            }
            parts[partition].push_back(i);
        }
        const bool is_everywhere = parts.size() > 1;
        for (const auto& [partition, writes] : parts) {
            key_group& to = group_for(index, in, partition, writes);
            for (const std::uint32_t i : writes) {
                to.bytes += bytes_of_write(one.writes[i]);
                to.places.push_back({index, i});
                if (is_everywhere) {
                    to.what.writes.push_back(one.writes[i]);
                } else {
                    to.what.writes.push_back(std::move(one.writes[i]));
                }
            }
        }
    }

    key_group& group_for(std::uint32_t index, const asked_topic& in, std::int32_t partition,
                         const std::vector<std::uint32_t>& writes) {
        const planned& one = calls_[index];
        std::size_t bytes = 0;
        for (const std::uint32_t i : writes) bytes += bytes_of_write(one.writes[i]);
        const tablet_id tablet = in.of.at(partition);
        const std::size_t most = std::min(shared_batch_bytes_max, in.batch_bytes_max / 2);
        key_group*& open = open_key_groups_[tablet];
        const bool fits = open != nullptr && open->bytes + bytes <= most && !one.with_previous &&
                          !open->what.with_previous;
        if (!fits) {
            open = &key_groups_.emplace_back();
            open->tablet = open->what.tablet = tablet;
            open->what.with_previous = one.with_previous;
        }
        return *open;
    }

    void group_record(std::uint32_t index) {
        planned& one = calls_[index];
        const asked_topic& in = lookup_.at(one.topic);
        if (*one.partition >= in.of.partition_count) {
            one.code = tablet_errc::unknown_tablet;
            return;
        }
        const tablet_id tablet = in.of.at(*one.partition);
        std::size_t bytes = record_bytes + (one.key ? one.key->size() : 0) + (one.value ? one.value->size() : 0);
        for (const kafka::record_header& header : one.headers)
            bytes += header.key.size() + (header.value ? header.value->size() : 0) + 4;
        const std::size_t most = std::min(shared_batch_bytes_max, in.batch_bytes_max / 2);
        record_group*& open = open_record_groups_[tablet];
        if (open == nullptr || open->builder.size_bytes() + bytes > most) {
            open = &record_groups_.emplace_back();
            open->tablet = tablet;
            open->under_way = &under_way_;
        }
        open->builder.append(with_.target.world().time().wall_now(), one.key, one.value, one.headers);
        open->calls.push_back(index);
    }

    env::task<void> write(key_group* which) {
        which->outcome = co_await with_.target.write_keys(std::move(which->what));
    }
    void append(record_group& one) {
        under_way_.enter();
        auto batch = std::make_shared<const byte_vector>(one.builder.finish());
        one.builder = {};
        one.batch = *batch;
        // A local tablet copies the batch before append() returns.
        if (!with_.target.is_local(one.tablet)) one.owner = batch;
        with_.target.append(one);
    }

    void take(key_group& done) {
        for (std::size_t i = 0; i < done.places.size(); ++i) {
            planned& of = calls_[done.places[i].call];
            if (done.outcome.code != tablet_errc::ok) {
                of.code = worse(of.code, done.outcome.code);
                continue;
            }
            CHECK(done.outcome.results.size() == done.places.size(), "a result is missing");
            // A delete may have gone to several partitions.
            key_write_result& from = done.outcome.results[i];
            key_write_result& to = of.results[done.places[i].write];
            to.is_written = to.is_written || from.is_written;
            to.had_value = to.had_value || from.had_value;
            if (from.at > to.at) to.at = from.at;
            if (from.previous) to.previous = std::move(from.previous);
        }
    }
    void take(record_group& done) {
        for (std::size_t i = 0; i < done.calls.size(); ++i) {
            planned& of = calls_[done.calls[i]];
            of.code = done.outcome.code;
            of.message = done.outcome.message;
            of.at = done.outcome.base_offset + static_cast<std::int64_t>(i);
        }
    }
    static tablet_errc worse(tablet_errc one, tablet_errc other) {
        return one == tablet_errc::ok || other == tablet_errc::outcome_unknown ? other : one;
    }

    void answer(std::uint32_t index) {
        planned& one = calls_[index];
        const command& what = *wave_.calls[index].what;
        if (one.code == tablet_errc::outcome_unknown) {
            wave_.is_outcome_unknown = true;
        } else if (!one.failure.empty() || one.code != tablet_errc::ok) {
            ++with_.metrics.errors[index_of(what)];
            out_.error(one.failure.empty() ? tablet_error(one.code, one.write_call::topic, one.message) : one.failure);
        } else {
            what.answer_write(one);
        }
    }

    const serving& with_;
    wave& wave_;
    reply_writer out_;
    key_lookup lookup_;
    std::deque<planned> calls_;
    std::deque<key_group> key_groups_;
    std::deque<record_group> record_groups_;
    std::map<tablet_id, key_group*> open_key_groups_;
    std::map<tablet_id, record_group*> open_record_groups_;
    env::gate under_way_;
};

}  // namespace

env::task<void> run_writes(wave_context* context, wave* what) {
    writing all(*context, *what);
    auto running = all.run();
    co_await std::move(running);
}

}  // namespace logstore::resp
