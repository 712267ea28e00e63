#include "resp/key_lookup.h"

#include <algorithm>
#include <utility>

#include "resp/gather.h"

namespace logstore::resp {
namespace {

/// Keys times partitions that are asked for at the same time.
constexpr std::size_t places_asked_max = 65'536;

}  // namespace

std::uint32_t key_lookup::topic(std::string_view name) {
    const auto known = std::ranges::find(topics_, name, &asked_topic::name);
    const auto index = static_cast<std::uint32_t>(known - topics_.begin());
    if (known != topics_.end()) return index;
    topics_.push_back({name, false, {}, {}, 0});
    look_again(index);
    return index;
}

void key_lookup::look_again(std::uint32_t topic) {
    asked_topic& one = topics_[topic];
    const cluster::topic* found = with_.topics.find(with_.target.topics(), one.name);
    one.exists = found != nullptr;
    if (!one.exists) return;
    one.of = key_topic::of(*found);
    one.batch_bytes_max = static_cast<std::size_t>(found->settings.message_bytes_max);
}

env::task<void> key_lookup::find_rules() {
    for (asked_topic& one : topics_) {
        if (!one.exists) continue;
        auto found = with_.places.find(&with_.target, one.of);
        one.where = co_await std::move(found);
    }
}

env::task<bool> key_lookup::read(std::size_t answer_bytes_max, bool is_one_by_one) {
    found_bytes_ = 0;
    requests_.clear();
    request_places_.clear();
    for (asked_key& one : keys) {
        one.found.reset();
        one.partition = -1;
        one.code = tablet_errc::ok;
    }
    std::size_t asked = 0;
    for (std::uint32_t i = 0; i < keys.size(); ++i) {
        const asked_topic& in = topics_[keys[i].topic];
        // A key above the limit is nowhere.
        if (!in.exists || keys[i].key.size() > key_bytes_max) continue;
        if (in.where.code != tablet_errc::ok) {
            keys[i].code = in.where.code;
        } else if (in.where.rule == key_placement::unknown) {
            add_everywhere(i, -1);
            asked += static_cast<std::size_t>(in.of.partition_count);
        } else {
            add(i, in.of.at(in.where.partition_of(keys[i].key, in.of.partition_count)));
            ++asked;
        }
        if (asked < places_asked_max) continue;
        auto asking = ask(answer_bytes_max, is_one_by_one);
        const bool fits = co_await std::move(asking);
        if (!fits) co_return false;
        asked = 0;
    }
    auto first = ask(answer_bytes_max, is_one_by_one);
    const bool first_fits = co_await std::move(first);
    if (!first_fits) co_return false;
    // What is not where it should be may have been written elsewhere just now.
    for (std::uint32_t i = 0; i < keys.size(); ++i) {
        const asked_topic& in = topics_[keys[i].topic];
        if (!in.exists || in.where.is_certain || in.where.rule == key_placement::unknown) continue;
        if (keys[i].key.size() > key_bytes_max || keys[i].found || keys[i].code != tablet_errc::ok) continue;
        add_everywhere(i, in.where.partition_of(keys[i].key, in.of.partition_count));
        asked += static_cast<std::size_t>(in.of.partition_count);
        if (asked < places_asked_max) continue;
        auto asking = ask(answer_bytes_max, is_one_by_one);
        const bool fits = co_await std::move(asking);
        if (!fits) co_return false;
        asked = 0;
    }
    auto last = ask(answer_bytes_max, is_one_by_one);
    const bool last_fits = co_await std::move(last);
    co_return last_fits;
}

/// Commands that come together ask for few tablets as a rule, and for the same ones.
key_lookup::request& key_lookup::request_to(tablet_id tablet) {
    constexpr std::size_t looked_through_max = 16;
    if (requests_.size() < looked_through_max) {
        const auto known = std::ranges::find(requests_, tablet, &request::tablet);
        if (known != requests_.end()) return *known;
    } else {
        if (request_places_.empty()) {
            for (std::size_t i = 0; i < requests_.size(); ++i) request_places_[requests_[i].tablet] = i;
        }
        const auto [known, is_new] = request_places_.try_emplace(tablet, requests_.size());
        if (!is_new) return requests_[known->second];
    }
    request& made = requests_.emplace_back();
    made.tablet = made.what.tablet = tablet;
    made.what.with_values = with_values;
    return made;
}

void key_lookup::add(std::uint32_t place, tablet_id at) {
    request& to = request_to(at);
    const bytes_view key = bytes_of(keys[place].key);
    to.what.keys.emplace_back(key.begin(), key.end());
    to.places.push_back(place);
}

void key_lookup::add_everywhere(std::uint32_t place, std::int32_t but) {
    const key_topic& in = topics_[keys[place].topic].of;
    for (std::int32_t partition = 0; partition < in.partition_count; ++partition) {
        if (partition != but) add(place, in.at(partition));
    }
}

env::task<void> key_lookup::ask_one(request* which) {
    which->outcome = co_await with_.target.read_keys(std::move(which->what));
}

env::task<bool> key_lookup::ask(std::size_t answer_bytes_max, bool is_one_by_one) {
    std::vector<request> asked = std::exchange(requests_, {});
    request_places_.clear();
    if (asked.empty()) co_return true;
    for (request& one : asked) one.what.bytes_max = answer_bytes_max;
    bool fits = true;
    if (is_one_by_one || asked.size() == 1) {
        for (request& one : asked) {
            auto asking = ask_one(&one);
            co_await std::move(asking);
            if (!take(one) || found_bytes_ > answer_bytes_max) co_return false;
        }
        co_return true;
    }
    auto start_one = [&](std::size_t i) { return ask_one(&asked[i]); };
    co_await for_all_at_once(asked.size(), start_one);
    for (request& one : asked) fits = take(one) && fits;
    co_return fits && found_bytes_ <= answer_bytes_max;
}

/// False: its values are above the limit of one request.
bool key_lookup::take(request& done) {
    if (done.outcome.code == tablet_errc::too_large) return false;
    // A topic that was deleted has no keys.
    if (done.outcome.code == tablet_errc::unknown_tablet) return true;
    const std::int32_t partition = done.tablet.partition.value();
    for (std::size_t i = 0; i < done.places.size(); ++i) {
        asked_key& of = keys[done.places[i]];
        if (done.outcome.code != tablet_errc::ok) {
            of.code = done.outcome.code;
            continue;
        }
        std::optional<keyed_record>& found = done.outcome.found[i];
        if (!found || !is_newer(*found, partition, of)) continue;
        if (of.found) found_bytes_ -= of.found->value.size() + of.found->headers.size();
        found_bytes_ += found->value.size() + found->headers.size();
        of.found = std::move(found);
        of.partition = partition;
    }
    return true;
}

bool key_lookup::is_newer(const keyed_record& one, std::int32_t partition, const asked_key& than) {
    if (!than.found) return true;
    if (one.timestamp != than.found->timestamp) return one.timestamp > than.found->timestamp;
    return partition < than.partition;
}

}  // namespace logstore::resp
