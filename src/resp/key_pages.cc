#include "resp/key_pages.h"

#include <utility>

namespace logstore::resp {

env::task<void> key_pages::find_rule() {
    auto finding = lookup_.find_rules();
    co_await std::move(finding);
}

env::task<key_page> key_pages::read(page_request what) {
    key_scan_request asked;
    asked.tablet = at(what.partition);
    const bytes_view prefix = bytes_of(what.prefix);
    asked.prefix.assign(prefix.begin(), prefix.end());
    asked.is_from_included = !what.after;
    if (what.after) asked.from = std::move(*what.after);
    asked.keys_max = what.keys_max;
    asked.bytes_max = what.bytes_max;
    asked.with_values = what.with_values;
    key_scan_outcome found = co_await with_.target.scan_keys(std::move(asked));
    key_page page;
    page.code = found.code;
    page.has_more = found.has_more && !found.entries.empty();
    page.entries = std::move(found.entries);
    if (page.entries.empty()) co_return page;
    page.last_key = page.entries.back().key;
    page.last_at = page.entries.back().record.at;
    if (lookup_.at(0).where.rule == key_placement::unknown) {
        auto dropping = drop_older(&page, what.partition);
        co_await std::move(dropping);
    }
    co_return page;
}

env::task<key_pages::key_count> key_pages::count(std::int32_t partition) {
    const key_count_outcome counted = co_await with_.target.count_keys(at(partition));
    key_count answer;
    answer.code = counted.code;
    answer.count = counted.count;
    co_return answer;
}

env::task<key_pages::key_count> key_pages::count_all() {
    key_count all;
    for (std::int32_t partition = 0; partition < partition_count(); ++partition) {
        auto counting = count(partition);
        const key_count one = co_await std::move(counting);
        if (one.code != tablet_errc::ok) all.code = one.code;
        all.count += one.count;
    }
    co_return all;
}

/// Of keys that lie in several partitions, those whose latest record is elsewhere.
env::task<void> key_pages::drop_older(key_page* page, std::int32_t partition) {
    lookup_.keys.clear();
    lookup_.with_values = false;
    for (const key_scan_outcome::entry& one : page->entries) lookup_.keys.push_back({text_of(one.key), 0});
    auto reading = lookup_.read(key_answer_bytes_max, false);
    const bool fits = co_await std::move(reading);
    std::vector<key_scan_outcome::entry> kept;
    for (std::size_t i = 0; i < page->entries.size(); ++i) {
        const asked_key& latest = lookup_.keys[i];
        if (latest.code != tablet_errc::ok) page->code = latest.code;
        if (latest.found && latest.partition == partition) kept.push_back(std::move(page->entries[i]));
    }
    if (!fits) page->code = tablet_errc::too_large;
    page->entries = std::move(kept);
}

}  // namespace logstore::resp
