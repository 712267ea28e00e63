// What every metadata_store promises, run over each of them.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/embedded_metadata_store.h"
#include "cluster/memory_metadata_store.h"
#include "cluster/testing/scratch_directory.h"
#include "cluster/testing/simulated_process.h"

namespace logstore::cluster {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct memory_backend {
    simulated_process process;
    std::shared_ptr<memory_metadata> content = std::make_shared<memory_metadata>();

    std::unique_ptr<metadata_store> open() {
        return std::make_unique<memory_metadata_store>(process.loop, content);
    }
};

struct embedded_backend {
    simulated_process process;
    scratch_directory scratch;

    std::unique_ptr<metadata_store> open() {
        auto opened = process.wait(
            embedded_metadata_store::open(&process.workers, &process.loop, scratch.child("metadata"), {}));
        CHECK(opened.has_value(), "{}", opened.error().message());
        return std::move(*opened);
    }
};

byte_vector value(std::string_view text) {
    const bytes_view bytes = bytes_of(text);
    return {bytes.begin(), bytes.end()};
}

template <class Backend>
class metadata_store_contract : public testing::Test {
  protected:
    ~metadata_store_contract() override { close(); }

    void close() {
        if (store != nullptr) process().wait(store->close());
        store.reset();
    }
    void reopen() {
        close();
        store = backend.open();
    }
    simulated_process& process() { return backend.process; }

    result<metadata_revision> transact(metadata_transaction what) {
        return process().wait(store->transact(std::move(what)));
    }
    metadata_revision put(const std::string& key, std::string_view text) {
        const auto done = transact(metadata_transaction().put(key, value(text)));
        CHECK(done.has_value(), "{}", done.error().message());
        return *done;
    }
    metadata_revision remove(const std::string& key) {
        const auto done = transact(metadata_transaction().remove(key));
        CHECK(done.has_value(), "{}", done.error().message());
        return *done;
    }
    std::optional<metadata_entry> get(const std::string& key) {
        auto got = process().wait(store->get(key));
        CHECK(got.has_value(), "{}", got.error().message());
        return *got;
    }
    std::string text(const std::string& key) {
        const auto entry = get(key);
        return entry ? std::string(text_of(entry->value)) : "absent";
    }
    metadata_listing list(const std::string& prefix) {
        auto listed = process().wait(store->list(prefix));
        CHECK(listed.has_value(), "{}", listed.error().message());
        return *listed;
    }
    std::vector<std::string> keys(const std::string& prefix) {
        std::vector<std::string> out;
        for (const metadata_entry& entry : list(prefix).entries) out.push_back(entry.key);
        return out;
    }

    /// A watcher that writes down what it sees: "5 a=1 b-" for revision 5, a put, b removed; "5 gap".
    metadata_watcher noting(std::vector<std::string>& into) {
        return [&into](const metadata_changes& seen) {
            std::string line = std::to_string(seen.revision.value());
            if (seen.gap) line += " gap";
            for (const metadata_change& change : seen.changes) {
                EXPECT_EQ(change.entry.modified, seen.revision);
                line += " " + change.entry.key;
                line += change.removed ? "-" : "=" + std::string(text_of(change.entry.value));
            }
            into.push_back(line);
        };
    }

    Backend backend;
    std::unique_ptr<metadata_store> store = backend.open();
};

using backends = testing::Types<memory_backend, embedded_backend>;
struct backend_names {
    template <class Backend>
    static std::string GetName(int) {
        return std::is_same_v<Backend, memory_backend> ? "memory" : "embedded";
    }
};
TYPED_TEST_SUITE(metadata_store_contract, backends, backend_names);

TYPED_TEST(metadata_store_contract, a_fresh_store_is_empty_at_revision_zero) {
    EXPECT_THAT(this->list("").entries, IsEmpty());
    EXPECT_EQ(this->list("").revision, no_revision);
    EXPECT_EQ(this->get("a"), std::nullopt);
}

TYPED_TEST(metadata_store_contract, each_transaction_makes_the_next_revision) {
    EXPECT_EQ(this->put("a", "1"), metadata_revision(1));
    EXPECT_EQ(this->put("b", "2"), metadata_revision(2));
    EXPECT_EQ(this->put("a", "3"), metadata_revision(3));
    EXPECT_EQ(this->remove("b"), metadata_revision(4));
    EXPECT_EQ(this->list("").revision, metadata_revision(4));
}

TYPED_TEST(metadata_store_contract, an_entry_knows_when_it_was_made_and_put_last) {
    this->put("a", "1");
    this->put("other", "x");
    this->put("a", "2");
    EXPECT_EQ(this->get("a")->created, metadata_revision(1));
    EXPECT_EQ(this->get("a")->modified, metadata_revision(3));
    this->remove("a");
    this->put("a", "3");
    EXPECT_EQ(this->get("a")->created, metadata_revision(5));
}

TYPED_TEST(metadata_store_contract, keys_and_values_are_any_bytes) {
    const std::string key("\x00\xFF/\n", 4);
    const std::string_view bytes("\x00\x01\xFF", 3);
    this->put(key, bytes);
    this->put("empty", "");
    EXPECT_EQ(this->text(key), bytes);
    EXPECT_EQ(this->text("empty"), "");
    this->put("", "the empty key");
    EXPECT_EQ(this->text(""), "the empty key");
}

TYPED_TEST(metadata_store_contract, a_listing_has_the_prefix_only_in_order_of_bytes) {
    for (const char* key : {"b/2", "b/10", "b", "c", "a/1", "b/1", "b/\xFF"}) this->put(key, "x");
    EXPECT_THAT(this->keys("b/"), ElementsAre("b/1", "b/10", "b/2", "b/\xFF"));
    EXPECT_THAT(this->keys("nothing"), IsEmpty());
    EXPECT_EQ(this->keys("").size(), 7u);
}

TYPED_TEST(metadata_store_contract, a_transaction_does_all_or_nothing) {
    this->put("a", "1");
    const auto refused = this->transact(
        metadata_transaction().require_absent("a").put("b", value("2")).remove("a").put("c", value("3")));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::conflict);
    EXPECT_THAT(this->keys(""), ElementsAre("a"));
    const auto done = this->transact(
        metadata_transaction().require_absent("b").put("b", value("2")).remove("a").put("c", value("3")));
    EXPECT_EQ(done, metadata_revision(2));
    EXPECT_THAT(this->keys(""), ElementsAre("b", "c"));
    EXPECT_EQ(this->get("b")->modified, this->get("c")->modified);
}

TYPED_TEST(metadata_store_contract, a_compare_holds_only_for_the_revision_it_names) {
    const metadata_revision first = this->put("a", "1");
    const metadata_revision second = this->put("a", "2");
    const auto change = [&](metadata_revision seen) {
        return this->transact(metadata_transaction().require_unchanged("a", seen).put("a", value("3")));
    };
    EXPECT_EQ(change(first).error().code, errc::conflict);
    EXPECT_TRUE(change(second));
    EXPECT_EQ(change(second).error().code, errc::conflict);
    this->remove("a");
    EXPECT_EQ(change(metadata_revision(3)).error().code, errc::conflict);
    EXPECT_TRUE(this->transact(metadata_transaction().require_absent("a").put("a", value("4"))));
}

TYPED_TEST(metadata_store_contract, a_conflict_makes_no_revision) {
    this->put("a", "1");
    EXPECT_FALSE(this->transact(metadata_transaction().require_absent("a").put("a", value("2"))));
    EXPECT_EQ(this->put("b", "1"), metadata_revision(2));
}

TYPED_TEST(metadata_store_contract, removing_what_is_absent_makes_no_revision) {
    this->put("a", "1");
    EXPECT_EQ(this->remove("b"), metadata_revision(1));
    EXPECT_EQ(this->list("").revision, metadata_revision(1));
    EXPECT_EQ(this->remove("a"), metadata_revision(2));
}

TYPED_TEST(metadata_store_contract, of_two_that_want_the_same_key_at_once_one_wins) {
    std::vector<env::sim_running<result<metadata_revision>>> running;
    for (int i = 0; i < 20; ++i) {
        metadata_transaction take;
        take.require_absent("lock")
            .put("lock", value(std::to_string(i)))
            .put("seen/" + std::to_string(i), value("x"));
        running.push_back(env::start(this->process().loop, this->store->transact(std::move(take))));
    }
    this->process().scheduler.run_until_idle();
    int winners = 0;
    for (auto& each : running) {
        const auto outcome = each.take();
        if (outcome)
            ++winners;
        else
            EXPECT_EQ(outcome.error().code, errc::conflict);
    }
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(this->keys("seen/").size(), 1u);
    EXPECT_EQ(this->keys("seen/").front(), "seen/" + this->text("lock"));
}

TYPED_TEST(metadata_store_contract, transactions_under_way_together_see_those_before_them) {
    std::vector<env::sim_running<result<metadata_revision>>> running;
    const auto begin = [&](metadata_transaction what) {
        running.push_back(env::start(this->process().loop, this->store->transact(std::move(what))));
    };
    begin(metadata_transaction().require_absent("a").put("a", value("1")));
    begin(metadata_transaction().require_unchanged("a", metadata_revision(1)).put("a", value("2")));
    begin(metadata_transaction().remove("a").put("b", value("3")));
    begin(metadata_transaction().require_absent("a").put("c", value("4")));
    begin(metadata_transaction().remove("a"));
    this->process().scheduler.run_until_idle();
    std::vector<std::int64_t> revisions;
    for (auto& each : running) revisions.push_back(each.take().value().value());
    EXPECT_THAT(revisions, ElementsAre(1, 2, 3, 4, 4));
    EXPECT_THAT(this->keys(""), ElementsAre("b", "c"));
    EXPECT_EQ(this->get("b")->modified, metadata_revision(3));
}

TYPED_TEST(metadata_store_contract, what_is_beyond_a_limit_is_refused) {
    const auto code = [&](metadata_transaction what) {
        const auto outcome = this->transact(std::move(what));
        return outcome ? std::error_code() : outcome.error().code;
    };
    EXPECT_EQ(code(metadata_transaction().put(std::string(metadata_key_bytes_max, 'k'), value("1"))),
              std::error_code());
    EXPECT_EQ(code(metadata_transaction().put(std::string(metadata_key_bytes_max + 1, 'k'), value("1"))),
              errc::too_large);
    EXPECT_EQ(code(metadata_transaction().put("k", byte_vector(metadata_transaction_bytes_max - 1))),
              std::error_code());
    EXPECT_EQ(code(metadata_transaction().put("k", byte_vector(metadata_transaction_bytes_max))),
              errc::too_large);
    metadata_transaction many;
    for (std::size_t i = 0; i < metadata_operations_max; ++i) many.put("m/" + std::to_string(i), value("1"));
    EXPECT_EQ(code(many), std::error_code());
    many.put("one more", value("1"));
    EXPECT_EQ(code(many), errc::too_large);
    EXPECT_EQ(this->keys("m/").size(), metadata_operations_max);
}

TYPED_TEST(metadata_store_contract, everything_is_there_after_reopening) {
    for (int i = 0; i < 300; ++i) this->put("k/" + std::to_string(i % 50), std::to_string(i));
    this->remove("k/7");
    const metadata_listing before = this->list("");
    for (int round = 0; round < 3; ++round) {
        this->reopen();
        const metadata_listing after = this->list("");
        EXPECT_EQ(after.revision, before.revision);
        ASSERT_EQ(after.entries.size(), 49u);
        for (std::size_t i = 0; i < after.entries.size(); ++i) {
            EXPECT_EQ(after.entries[i].key, before.entries[i].key);
            EXPECT_EQ(after.entries[i].value, before.entries[i].value);
            EXPECT_EQ(after.entries[i].created, before.entries[i].created);
            EXPECT_EQ(after.entries[i].modified, before.entries[i].modified);
        }
    }
    EXPECT_EQ(this->put("next", "x"), before.revision + 1);
}

TYPED_TEST(metadata_store_contract, a_closed_store_refuses) {
    auto closed = std::move(this->store);
    this->process().wait(closed->close());
    EXPECT_EQ(this->process().wait(closed->get("a")).error().code, errc::closed);
    EXPECT_EQ(this->process().wait(closed->list("a")).error().code, errc::closed);
    EXPECT_EQ(this->process().wait(closed->transact(metadata_transaction().remove("a"))).error().code,
              errc::closed);
}

TYPED_TEST(metadata_store_contract, closing_waits_for_what_is_under_way) {
    std::vector<env::sim_running<result<metadata_revision>>> running;
    for (int i = 0; i < 5; ++i) {
        metadata_transaction one;
        one.put("k/" + std::to_string(i), value("1"));
        running.push_back(env::start(this->process().loop, this->store->transact(std::move(one))));
    }
    auto listing = env::start(this->process().loop, this->store->list(""));
    this->process().wait(this->store->close());
    for (auto& each : running) EXPECT_TRUE(each.take());
    EXPECT_TRUE(listing.take());
    this->store = this->backend.open();
    EXPECT_EQ(this->keys("k/").size(), 5u);
}

TYPED_TEST(metadata_store_contract, a_watch_sees_every_later_change_of_its_prefix_in_order) {
    this->put("w/before", "0");
    std::vector<std::string> seen;
    const auto watch = this->store->watch("w/", metadata_revision(1), this->noting(seen));
    this->put("w/a", "1");
    this->put("other", "2");
    ASSERT_TRUE(
        this->transact(metadata_transaction().put("w/b", value("3")).put("v", value("4")).remove("w/a")));
    this->remove("other");
    this->process().scheduler.run_until_idle();
    EXPECT_THAT(seen, ElementsAre("2 w/a=1", "4 w/b=3 w/a-"));
}

TYPED_TEST(metadata_store_contract, a_watch_begins_with_what_happened_since_its_revision) {
    const metadata_revision listed = this->put("a", "1");
    this->put("a", "2");
    this->put("a", "3");
    std::vector<std::string> seen;
    const auto watch = this->store->watch("", listed, this->noting(seen));
    EXPECT_THAT(seen, IsEmpty()) << "a watcher is not called from inside watch()";
    this->put("a", "4");
    this->process().scheduler.run_until_idle();
    EXPECT_THAT(seen, ElementsAre("2 a=2", "3 a=3", "4 a=4"));
}

TYPED_TEST(metadata_store_contract, a_watch_from_before_the_store_was_opened_has_a_gap) {
    const metadata_revision old = this->put("a", "1");
    this->put("a", "2");
    this->reopen();
    std::vector<std::string> seen;
    const auto watch = this->store->watch("", old, this->noting(seen));
    const auto current = this->store->watch("", metadata_revision(2), this->noting(seen));
    this->put("a", "3");
    this->process().scheduler.run_until_idle();
    EXPECT_THAT(seen, ElementsAre("2 gap", "3 a=3", "3 a=3"));
}

TYPED_TEST(metadata_store_contract, a_destroyed_watch_is_silent) {
    this->put("a", "0");
    std::vector<std::string> seen;
    // What it missed is on its way already when it goes.
    auto watch = this->store->watch("", no_revision, this->noting(seen));
    std::unique_ptr<metadata_watch> suicidal;
    int calls = 0;
    suicidal = this->store->watch("", no_revision, [&](const metadata_changes&) {
        ++calls;
        suicidal.reset();
    });
    watch.reset();
    this->put("a", "1");
    this->put("a", "2");
    this->process().scheduler.run_until_idle();
    EXPECT_THAT(seen, IsEmpty());
    EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace logstore::cluster
