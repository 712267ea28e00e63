// HRANDFIELD.
#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "resp/calls.h"
#include "resp/errors.h"
#include "resp/key_at.h"
#include "resp/key_pages.h"
#include "resp/scan_commands.h"
#include "resp/words.h"

namespace logstore::resp {
namespace {

/// A hash with more keys is sampled by offsets, instead of from all its keys; then so many fields at most.
constexpr std::size_t sampled_whole_max = 10'000;
constexpr std::size_t sampled_fields_max = 1000;
/// How often an offset is chosen whose record is not the latest of its key, for each field.
constexpr int tries_max = 64;

using entry = key_scan_outcome::entry;

/// A few keys are all read, and some of them taken. Of many keys, records are chosen at random in the log: one that is
/// the latest of its key is as likely as any other.
class field_sample {
  public:
    explicit field_sample(alone_call& call) : call_(call), with_(call.with), pages_(call.with, call.args[1]) {}

    env::task<void> run() {
        if (!understand()) co_return;
        if (!pages_.exists() || wanted_ == 0) co_return write();
        auto finding = pages_.find_rule();
        co_await std::move(finding);
        auto counting = count();
        co_await std::move(counting);
        auto sampling = total_ <= sampled_whole_max ? sample_whole() : sample_log();
        if (code_ == tablet_errc::ok) co_await std::move(sampling);
        if (code_ != tablet_errc::ok) co_return call_.out.error(tablet_error(code_, call_.args[1]));
        if (!is_refused_) write();
    }

  private:
    bool understand() {
        if (call_.args.size() == 2) return true;
        const auto number = number_in<std::int64_t>(call_.args[2]);
        if (!number || *number < -(std::int64_t(1) << 62)) return call_.out.error(not_an_integer), false;
        has_count_ = true;
        may_repeat_ = *number < 0;
        wanted_ = static_cast<std::size_t>(*number < 0 ? -*number : *number);
        if (call_.args.size() == 3) return true;
        has_values_ = call_.args.size() == 4 && is_word(call_.args[3], "withvalues");
        if (!has_values_) return call_.out.error(syntax_error), false;
        return true;
    }

    env::task<void> count() {
        code_ = pages_.code();
        for (std::int32_t p = 0; p < pages_.partition_count() && code_ == tablet_errc::ok; ++p) {
            auto counting = pages_.count(p);
            const key_pages::key_count one = co_await std::move(counting);
            code_ = one.code;
            counts_.push_back(one.count);
            total_ += one.count;
        }
    }

    env::task<void> sample_whole() {
        // Values are read for those that are taken only.
        std::vector<entry> all;
        std::size_t bytes = 0;
        for (std::int32_t p = 0; p < pages_.partition_count(); ++p) {
            page_request what;
            what.partition = p;
            what.keys_max = sampled_whole_max;
            what.with_values = false;
            for (bool has_more = true; has_more;) {
                what.bytes_max = std::size_t(32) << 10;
                page_request asked = what;
                auto reading = pages_.read(std::move(asked));
                key_page page = co_await std::move(reading);
                if (page.code != tablet_errc::ok) co_return void(code_ = page.code);
                for (entry& one : page.entries) {
                    bytes += one.key.size() + sizeof(entry);
                    all.push_back(std::move(one));
                }
                if (bytes > alone_call::free_bytes && !call_.memory.is_held()) {
                    auto taking = call_.memory.take(with_.options.answer_bytes_max);
                    co_await std::move(taking);
                }
                if (bytes > with_.options.answer_bytes_max) co_return void(code_ = tablet_errc::too_large);
                has_more = page.has_more;
                what.after = std::move(page.last_key);
            }
        }
        if (all.empty()) co_return;
        if (may_repeat_ && wanted_ > sampled_whole_max) co_return refuse(sampled_whole_max);
        for (std::size_t i = 0; i < wanted_ && (may_repeat_ || i < all.size()); ++i) {
            const std::size_t chosen = may_repeat_ ? random(all.size()) : i + random(all.size() - i);
            if (may_repeat_) {
                taken_.push_back(all[chosen]);
            } else {
                std::swap(all[i], all[chosen]);
                taken_.push_back(std::move(all[i]));
            }
        }
        auto reading = read_values();
        co_await std::move(reading);
    }

    env::task<void> read_values() {
        if (!has_values_) co_return;
        key_lookup lookup(with_);
        lookup.topic(call_.args[1]);
        auto finding = lookup.find_rules();
        co_await std::move(finding);
        for (const entry& one : taken_) lookup.keys.push_back({text_of(one.key), 0});
        if (!call_.memory.is_held()) {
            auto taking = call_.memory.take(with_.options.answer_bytes_max);
            co_await std::move(taking);
        }
        auto reading = lookup.read(with_.options.answer_bytes_max, true);
        const bool fits = co_await std::move(reading);
        if (!fits) co_return void(code_ = tablet_errc::too_large);
        std::vector<entry> there;
        for (std::size_t i = 0; i < taken_.size(); ++i) {
            asked_key& found = lookup.keys[i];
            if (!found.found) continue;  // deleted meanwhile
            there.push_back({std::move(taken_[i].key), std::move(*found.found)});
        }
        taken_ = std::move(there);
    }

    env::task<void> sample_log() {
        if (wanted_ > sampled_fields_max) co_return refuse(sampled_fields_max);
        std::set<byte_vector> known;
        for (std::size_t i = 0; i < wanted_; ++i) {
            auto choosing = choose();
            std::optional<entry> chosen = co_await std::move(choosing);
            if (code_ != tablet_errc::ok) co_return;
            if (chosen && (may_repeat_ || known.insert(chosen->key).second)) taken_.push_back(std::move(*chosen));
        }
        auto reading = read_values();
        co_await std::move(reading);
    }

    /// The key of a record in the log, at random.
    env::task<std::optional<entry>> choose() {
        std::uint64_t place = random(total_);
        std::int32_t partition = 0;
        while (place >= counts_[static_cast<std::size_t>(partition)])
            place -= counts_[static_cast<std::size_t>(partition++)];
        const tablet_id tablet = pages_.at(partition);
        for (int tries = 0; tries < tries_max; ++tries) {
            const key_view_status view = co_await with_.target.key_view(tablet);
            code_ = view.code;
            if (code_ != tablet_errc::ok) co_return std::nullopt;
            const std::int64_t records = view.high_watermark.value() - view.log_start.value();
            if (records <= 0) co_return std::nullopt;
            const offset at = view.log_start + static_cast<std::int64_t>(random(static_cast<std::uint64_t>(records)));
            auto looking = find_key_at(&with_, tablet, at);
            key_at there = co_await std::move(looking);
            if (!there.key) continue;
            key_read_request asked;
            asked.tablet = tablet;
            asked.keys.push_back(*there.key);
            asked.with_values = false;
            key_read_outcome latest = co_await with_.target.read_keys(std::move(asked));
            code_ = latest.code;
            if (code_ != tablet_errc::ok) co_return std::nullopt;
            if (!latest.found.front()) continue;
            const bool is_last_try = tries + 1 == tries_max;
            if (latest.found.front()->at != there.at && !is_last_try) continue;
            co_return entry{std::move(*there.key), std::move(*latest.found.front())};
        }
        co_return std::nullopt;
    }

    void refuse(std::size_t most) {
        is_refused_ = true;
        call_.out.error(fmt::format("ERR HRANDFIELD gives {} fields of this hash at most", most));
    }

    std::uint64_t random(std::uint64_t below) { return with_.target.world().random.next() % below; }

    void write() {
        if (!has_count_) {
            if (taken_.empty()) return call_.out.null();
            return call_.out.bulk(taken_.front().key);
        }
        const bool is_nested = has_values_ && call_.out.is_3();
        call_.out.array(has_values_ && !is_nested ? 2 * taken_.size() : taken_.size());
        for (const entry& one : taken_) {
            if (is_nested) call_.out.array(2);
            call_.out.bulk(one.key);
            if (has_values_) call_.out.bulk(one.record.value);
        }
    }

    alone_call& call_;
    const serving& with_;
    key_pages pages_;
    std::size_t wanted_ = 1;
    bool has_count_ = false;
    bool may_repeat_ = false;
    bool has_values_ = false;
    std::vector<std::uint64_t> counts_;
    std::uint64_t total_ = 0;
    tablet_errc code_ = tablet_errc::ok;
    bool is_refused_ = false;
    std::vector<entry> taken_;
};

}  // namespace

env::task<void> run_hrandfield(alone_call* call) {
    field_sample sample(*call);
    auto running = sample.run();
    co_await std::move(running);
}

}  // namespace logstore::resp
