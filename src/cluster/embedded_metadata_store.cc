#include "cluster/embedded_metadata_store.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "cluster/gate_pass.h"
#include "env/completion.h"

namespace logstore::cluster {

struct embedded_metadata_store::waiting_transaction {
    metadata_transaction what;
    env::completion<result<metadata_revision>> answer;

    explicit waiting_transaction(metadata_transaction the_what) : what(std::move(the_what)) {}
};

env::task<result<std::unique_ptr<embedded_metadata_store>>> embedded_metadata_store::open(
    env::worker_pool* pool, env::executor* home, std::string path, embedded_metadata_options options) {
    auto open_database = [path, database_options = options.database] {
        return metadata_database::open(path, database_options);
    };
    auto database = co_await env::run_blocking(*pool, *home, std::move(open_database));
    if (!database) co_return std::unexpected(database.error());
    co_return std::unique_ptr<embedded_metadata_store>(
        new embedded_metadata_store(*pool, *home, std::move(*database), std::move(options)));
}

embedded_metadata_store::embedded_metadata_store(env::worker_pool& pool, env::executor& home,
                                                 std::unique_ptr<metadata_database> database,
                                                 embedded_metadata_options options)
    : pool_(pool),
      home_(home),
      database_(std::move(database)),
      options_(std::move(options)),
      history_(home, database_->revision()) {}

embedded_metadata_store::~embedded_metadata_store() {
    CHECK(database_ == nullptr, "a metadata store is closed before it goes");
}

env::task<result<std::optional<metadata_entry>>> embedded_metadata_store::get(std::string key) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    auto read = [this, &key] { return database_->get(key); };
    co_return co_await env::run_blocking(pool_, home_, std::move(read));
}

env::task<result<metadata_listing>> embedded_metadata_store::list(std::string prefix) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    auto read = [this, &prefix] { return database_->list(prefix); };
    co_return co_await env::run_blocking(pool_, home_, std::move(read));
}

env::task<result<metadata_revision>> embedded_metadata_store::transact(metadata_transaction what) {
    const gate_pass pass(calls_);
    if (!pass) co_return fail(errc::closed);
    if (const result<> fits = what.check(); !fits) co_return std::unexpected(fits.error());
    if (waiting_.size() >= options_.waiting_max) co_return fail(errc::overloaded);
    waiting_transaction waiting(std::move(what));
    waiting_.push_back(&waiting);
    if (!committing_) env::spawn(calls_, commit_waiting());
    co_return co_await waiting.answer;
}

env::task<void> embedded_metadata_store::commit_waiting() {
    committing_ = true;
    while (!waiting_.empty()) {
        const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), options_.group_max));
        const group taken(waiting_.begin(), waiting_.begin() + count);
        waiting_.erase(waiting_.begin(), waiting_.begin() + count);
        std::vector<metadata_transaction> transactions;
        transactions.reserve(taken.size());
        for (waiting_transaction* waiting : taken) transactions.push_back(std::move(waiting->what));
        auto write = [this, &transactions] { return database_->commit(transactions); };
        auto results = co_await env::run_blocking(pool_, home_, std::move(write));
        finish(taken, std::move(results));
    }
    committing_ = false;
}

void embedded_metadata_store::finish(const group& written,
                                     std::vector<metadata_database::commit_result> results) {
    CHECK(written.size() == results.size());
    for (std::size_t i = 0; i < written.size(); ++i) {
        metadata_database::commit_result& outcome = results[i];
        if (!outcome) {
            if (outcome.error().code == errc::unknown_outcome) report_failure(outcome.error());
            written[i]->answer.set(std::unexpected(std::move(outcome).error()));
            continue;
        }
        const metadata_revision revision = outcome->revision;
        if (!outcome->changes.empty()) history_.publish(std::move(*outcome));
        written[i]->answer.set(revision);
    }
}

void embedded_metadata_store::report_failure(const error& why) {
    if (std::exchange(failure_reported_, true) || !options_.on_failure) return;
    options_.on_failure(why);
}

std::unique_ptr<metadata_watch> embedded_metadata_store::watch(std::string prefix, metadata_revision after,
                                                               metadata_watcher watcher) {
    return history_.watch(std::move(prefix), after, std::move(watcher));
}

env::task<void> embedded_metadata_store::close() {
    co_await calls_.close();
    auto close_database = [database = std::move(database_)]() mutable {
        database.reset();
        return true;
    };
    co_await env::run_blocking(pool_, home_, std::move(close_database));
}

}  // namespace logstore::cluster
