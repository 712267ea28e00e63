#include "cluster/memory_metadata_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "cluster/gate_pass.h"

namespace logstore::cluster {

memory_metadata_store::memory_metadata_store(env::executor& home, std::shared_ptr<memory_metadata> content)
    : home_(home), content_(std::move(content)), history_(home, content_->revision) {}

env::task<result<std::optional<metadata_entry>>> memory_metadata_store::get(std::string key) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    co_await env::yield(home_);
    const auto found = content_->entries.find(key);
    if (found == content_->entries.end()) co_return std::nullopt;
    co_return found->second;
}

env::task<result<metadata_listing>> memory_metadata_store::list(std::string prefix) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    co_await env::yield(home_);
    metadata_listing listing;
    listing.revision = content_->revision;
    for (auto at = content_->entries.lower_bound(prefix);
         at != content_->entries.end() && at->first.starts_with(prefix); ++at) {
        listing.entries.push_back(at->second);
    }
    co_return listing;
}

env::task<result<metadata_revision>> memory_metadata_store::transact(metadata_transaction what) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    if (const result<> fits = what.check(); !fits) co_return std::unexpected(fits.error());
    co_await env::yield(home_);
    const std::optional<errc> failure = next_failure();
    if (failure && *failure != errc::unknown_outcome) co_return fail(*failure);
    if (!holds(what)) co_return fail(errc::conflict);
    const metadata_revision revision = apply(what);
    co_await env::yield(home_);
    if (failure) co_return fail(*failure);
    co_return revision;
}

std::unique_ptr<metadata_watch> memory_metadata_store::watch(std::string prefix, metadata_revision after,
                                                             metadata_watcher watcher) {
    return history_.watch(std::move(prefix), after, std::move(watcher));
}

env::task<void> memory_metadata_store::close() {
    co_await calls_.close();
}

void memory_metadata_store::fail_transactions_after(std::size_t count, errc code) {
    failure_ = planned_failure{count, code};
}

std::optional<errc> memory_metadata_store::next_failure() {
    if (!failure_) return std::nullopt;
    if (failure_->after == 0) return failure_->code;
    --failure_->after;
    return std::nullopt;
}

bool memory_metadata_store::holds(const metadata_transaction& what) const {
    return std::ranges::all_of(what.compares(), [&](const metadata_transaction::compare& compare) {
        const auto found = content_->entries.find(compare.key);
        const metadata_revision modified =
            found == content_->entries.end() ? no_revision : found->second.modified;
        return modified == compare.modified;
    });
}

metadata_revision memory_metadata_store::apply(const metadata_transaction& what) {
    metadata_changes changes;
    changes.revision = content_->revision + 1;
    for (const metadata_transaction::operation& operation : what.operations()) {
        const auto found = content_->entries.find(operation.key);
        const bool present = found != content_->entries.end();
        if (operation.value) {
            const metadata_revision created = present ? found->second.created : changes.revision;
            metadata_entry entry{operation.key, *operation.value, created, changes.revision};
            content_->entries.insert_or_assign(operation.key, entry);
            changes.changes.push_back({std::move(entry), false});
        } else if (present) {
            changes.changes.push_back({{operation.key, {}, found->second.created, changes.revision}, true});
            content_->entries.erase(found);
        }
    }
    if (changes.changes.empty()) return content_->revision;
    content_->revision = changes.revision;
    history_.publish(std::move(changes));
    return content_->revision;
}

}  // namespace logstore::cluster
