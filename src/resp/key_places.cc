#include "resp/key_places.h"

#include <vector>

#include "kafka/protocol/key_placement.h"
#include "resp/gather.h"

namespace logstore::resp {
namespace {

env::task<void> ask(broker* target, tablet_id which, key_view_status* into) {
    *into = co_await target->key_view(which);
}

/// What is remembered serves others while it is asked for again, for this many times as long.
constexpr int patience_while_asked = 10;

}  // namespace

key_topic key_topic::of(const cluster::topic& from) {
    key_topic made;
    made.id = from.id;
    made.partition_count = from.partition_count;
    const auto set = from.configs.find(std::string_view("kv.partitioner"));
    if (set == from.configs.end()) return made;
    if (set->second == "murmur2") made.fixed = key_placement::murmur2;
    if (set->second == "crc32") made.fixed = key_placement::crc32;
    return made;
}

std::int32_t key_placing::partition_of(std::string_view key, std::int32_t partition_count) const {
    if (partition_count == 1) return 0;
    const partition_id found = rule == key_placement::crc32
                                   ? kafka::crc32_partition(bytes_of(key), partition_count)
                                   : kafka::murmur2_partition(bytes_of(key), partition_count);
    return found.value();
}

env::task<key_placing> key_places::find(broker* target, key_topic of) {
    key_placing answer;
    if (of.partition_count == 1) co_return answer;
    if (of.fixed != key_placement::unknown) {
        answer.rule = of.fixed;
        co_return answer;
    }
    answer.is_certain = false;
    const env::monotonic_time now = target->world().time().now();
    entry& known = place_of(of);
    if (known.id != of.id || known.partition_count != of.partition_count) {
        known = {};
        known.id = of.id;
        known.partition_count = of.partition_count;
    }
    if (known.is_known) {
        const env::duration fresh = std::max(fresh_for, fresh_for_partition * of.partition_count);
        const env::duration age = now - known.asked;
        const bool is_fresh = age < (known.is_being_asked ? patience_while_asked * fresh : fresh);
        if (is_fresh || known.rule == key_placement::unknown) {
            answer.rule = known.rule;
            co_return answer;
        }
    }
    known.is_being_asked = true;
    std::vector<key_view_status> views(static_cast<std::size_t>(of.partition_count));
    auto ask_one = [&](std::size_t i) { return ask(target, of.at(static_cast<std::int32_t>(i)), &views[i]); };
    co_await for_all_at_once(views.size(), ask_one);
    bool holds_murmur2 = true, holds_crc32 = true;
    for (const key_view_status& one : views) {
        if (one.code != tablet_errc::ok && answer.code == tablet_errc::ok) answer.code = one.code;
        holds_murmur2 = holds_murmur2 && one.holds_murmur2;
        holds_crc32 = holds_crc32 && one.holds_crc32;
    }
    answer.rule = holds_murmur2 ? key_placement::murmur2
                  : holds_crc32 ? key_placement::crc32
                                : key_placement::unknown;
    // Another topic may have its place by now.
    entry& place = place_of(of);
    if (place.id != of.id || place.partition_count != of.partition_count) co_return answer;
    place.is_being_asked = false;
    if (answer.code != tablet_errc::ok) co_return answer;
    place.is_known = true;
    place.rule = answer.rule;
    place.asked = now;
    co_return answer;
}

}  // namespace logstore::resp
