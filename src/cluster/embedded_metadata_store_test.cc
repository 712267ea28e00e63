#include "cluster/embedded_metadata_store.h"

#include <algorithm>
#include <csignal>
#include <deque>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <sys/resource.h>

#include "cluster/metadata_record.h"
#include "cluster/testing/scratch_directory.h"
#include "cluster/testing/simulated_process.h"
#include "env/host.h"

namespace logstore::cluster {
namespace {

namespace fs = std::filesystem;

byte_vector value(std::string_view text) {
    const bytes_view bytes = bytes_of(text);
    return {bytes.begin(), bytes.end()};
}

/// Keeps submitted work until it is told to run it.
class held_workers final : public env::worker_pool {
  public:
    void submit(env::work what) override { held.push_back(std::move(what)); }
    void run_all() {
        while (!held.empty()) {
            env::work next = std::move(held.front());
            held.pop_front();
            next();
        }
    }
    std::deque<env::work> held;
};

class embedded_metadata_store_test : public testing::Test {
  protected:
    using opened = result<std::unique_ptr<embedded_metadata_store>>;

    opened try_open(const std::string& at, embedded_metadata_options options = {}) {
        return process.wait(
            embedded_metadata_store::open(&process.workers, &process.loop, at, std::move(options)));
    }
    std::unique_ptr<embedded_metadata_store> open(const std::string& at,
                                                  embedded_metadata_options options = {}) {
        auto store = try_open(at, std::move(options));
        CHECK(store.has_value(), "{}", store.error().message());
        return std::move(*store);
    }
    void close(std::unique_ptr<embedded_metadata_store> store) { process.wait(store->close()); }
    result<metadata_revision> put(embedded_metadata_store& store, const std::string& key,
                                  std::string_view text = "x") {
        return process.wait(store.transact(metadata_transaction().put(key, value(text))));
    }
    metadata_listing list(embedded_metadata_store& store) { return process.wait(store.list("")).value(); }

    /// What a kill of the process at this moment would leave, as another directory.
    std::string image_of(const std::string& original) {
        const std::string copy = scratch.child("image" + std::to_string(++images));
        fs::copy(original, copy, fs::copy_options::recursive);
        return copy;
    }
    static fs::path log_file(const std::string& directory) {
        fs::path newest;
        for (const auto& entry : fs::directory_iterator(directory)) {
            if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
        }
        return newest;
    }
    static void flip_byte(const fs::path& file, std::uint64_t at) {
        std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekg(static_cast<std::streamoff>(at));
        const char byte = static_cast<char>(stream.get() ^ 0x40);
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put(byte);
    }

    simulated_process process;
    scratch_directory scratch;
    std::string path = scratch.child("metadata");
    int images = 0;
};

TEST_F(embedded_metadata_store_test, no_database_call_is_made_on_the_executor) {
    held_workers workers;
    auto opening = env::start(process.loop, embedded_metadata_store::open(&workers, &process.loop, path, {}));
    process.scheduler.run_until_idle();
    EXPECT_FALSE(fs::exists(path));
    workers.run_all();
    process.scheduler.run_until_idle();
    ASSERT_TRUE(opening.done());
    auto store = opening.take().value();

    auto writing = env::start(process.loop, store->transact(metadata_transaction().put("k", value("v"))));
    auto reading = env::start(process.loop, store->get("k"));
    auto listing = env::start(process.loop, store->list(""));
    process.scheduler.run_until_idle();
    EXPECT_EQ(workers.held.size(), 3u);
    EXPECT_FALSE(writing.done() || reading.done() || listing.done());
    workers.run_all();
    process.scheduler.run_until_idle();
    EXPECT_TRUE(writing.done() && reading.done() && listing.done());

    auto closing = env::start(process.loop, store->close());
    process.scheduler.run_until_idle();
    EXPECT_FALSE(closing.done());
    workers.run_all();
    process.scheduler.run_until_idle();
    EXPECT_TRUE(closing.done());
}

TEST_F(embedded_metadata_store_test, transactions_that_wait_for_a_write_share_the_next_one) {
    auto store = open(path);
    held_workers workers;
    close(std::move(store));
    auto opening = env::start(process.loop, embedded_metadata_store::open(&workers, &process.loop, path, {}));
    process.scheduler.run_until_idle();
    workers.run_all();
    process.scheduler.run_until_idle();
    store = opening.take().value();
    std::vector<env::sim_running<result<metadata_revision>>> running;
    for (int i = 0; i < 100; ++i) {
        metadata_transaction one;
        one.put("k/" + std::to_string(i), value("v"));
        running.push_back(env::start(process.loop, store->transact(std::move(one))));
    }
    int writes = 0;
    for (process.scheduler.run_until_idle(); !workers.held.empty(); process.scheduler.run_until_idle()) {
        EXPECT_EQ(workers.held.size(), 1u);
        ++writes;
        workers.run_all();
    }
    EXPECT_EQ(writes, 2);
    std::int64_t expected = 0;
    for (auto& each : running) EXPECT_EQ(each.take(), metadata_revision(++expected));
    auto closing = env::start(process.loop, store->close());
    process.scheduler.run_until_idle();
    workers.run_all();
    process.scheduler.run_until_idle();
}

TEST_F(embedded_metadata_store_test, what_was_answered_survives_a_kill_at_any_moment) {
    auto store = open(path);
    for (int i = 1; i <= 40; ++i) {
        ASSERT_TRUE(
            put(*store, "k/" + std::to_string(i), std::string(static_cast<std::size_t>(i) * 997, 'v')));
        if (i % 8 != 0) continue;
        auto survivor = open(image_of(path));
        EXPECT_EQ(list(*survivor).revision, metadata_revision(i));
        EXPECT_EQ(list(*survivor).entries.size(), static_cast<std::size_t>(i));
        // And so does what the survivor adds, over another kill.
        ASSERT_TRUE(put(*survivor, "added"));
        auto second = open(image_of(scratch.child("image" + std::to_string(images))));
        EXPECT_EQ(list(*second).revision, metadata_revision(i + 1));
        close(std::move(second));
        close(std::move(survivor));
    }
    close(std::move(store));
}

TEST_F(embedded_metadata_store_test, a_torn_end_of_the_log_is_cut) {
    auto store = open(path);
    ASSERT_TRUE(put(*store, "first"));
    const auto before = fs::file_size(log_file(path));
    ASSERT_TRUE(put(*store, "second", std::string(100, 'v')));
    const auto after = fs::file_size(log_file(path));
    ASSERT_GT(after, before);
    for (std::uint64_t length :
         {before, before + 1, before + 6, before + 7, before + 8, before + 30, after - 2, after - 1}) {
        const std::string image = image_of(path);
        fs::resize_file(log_file(image), length);
        auto survivor = open(image);
        EXPECT_EQ(list(*survivor).revision, metadata_revision(1)) << length;
        EXPECT_EQ(list(*survivor).entries.size(), 1u) << length;
        close(std::move(survivor));
        fs::remove_all(image);
    }
    close(std::move(store));
}

TEST_F(embedded_metadata_store_test, damage_before_the_end_of_the_log_is_refused) {
    auto store = open(path);
    ASSERT_TRUE(put(*store, "first", std::string(100, 'v')));
    const auto before = fs::file_size(log_file(path));
    ASSERT_TRUE(put(*store, "second"));
    ASSERT_TRUE(put(*store, "third"));
    const std::string image = image_of(path);
    flip_byte(log_file(image), before - 30);
    const auto refused = try_open(image);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::corrupt);
    EXPECT_THAT(refused.error().detail, testing::HasSubstr(image));
    close(std::move(store));
}

TEST_F(embedded_metadata_store_test, damage_is_cut_off_when_the_loss_is_accepted) {
    auto store = open(path);
    ASSERT_TRUE(put(*store, "first"));
    ASSERT_TRUE(put(*store, "second", std::string(100, 'v')));
    const std::string image = image_of(path);
    flip_byte(log_file(image), fs::file_size(log_file(image)) - 5);
    EXPECT_EQ(try_open(image).error().code, errc::corrupt);
    embedded_metadata_options accepting;
    accepting.database.accept_loss = true;
    auto repaired = open(image, accepting);
    EXPECT_EQ(list(*repaired).revision, metadata_revision(1));
    ASSERT_TRUE(put(*repaired, "third"));
    close(std::move(repaired));
    repaired = open(image);
    EXPECT_EQ(list(*repaired).entries.size(), 2u);
    close(std::move(repaired));
    close(std::move(store));
}

TEST_F(embedded_metadata_store_test, a_lost_table_is_refused) {
    auto store = open(path);
    ASSERT_TRUE(put(*store, "first"));
    close(std::move(store));
    store = open(path);  // makes a table of the log
    ASSERT_TRUE(put(*store, "second"));
    close(std::move(store));
    for (const auto& entry : fs::directory_iterator(path)) {
        if (entry.path().extension() == ".sst") fs::remove(entry.path());
    }
    EXPECT_EQ(try_open(path).error().code, errc::corrupt);
}

TEST_F(embedded_metadata_store_test, a_second_opener_is_refused) {
    auto store = open(path);
    EXPECT_EQ(try_open(path).error().code, errc::in_use);
    close(std::move(store));
    close(open(path));
}

TEST_F(embedded_metadata_store_test, without_a_parent_directory_nothing_is_opened) {
    EXPECT_EQ(try_open(scratch.child("absent/metadata")).error().code, errc::io);
}

TEST_F(embedded_metadata_store_test, another_program_s_database_is_refused) {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, path, &raw).ok());
    ASSERT_TRUE(raw->Put({}, "key", "value").ok());
    delete raw;
    EXPECT_EQ(try_open(path).error().code, errc::corrupt);
}

TEST_F(embedded_metadata_store_test, a_newer_version_is_refused) {
    close(open(path));
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, path, &raw).ok());
    ASSERT_TRUE(raw->Put({}, metadata_format_key, "logstore metadata\x02").ok());
    delete raw;
    EXPECT_EQ(try_open(path).error().code, errc::unsupported_version);
}

TEST_F(embedded_metadata_store_test, a_damaged_entry_is_reported_and_the_others_are_served) {
    auto store = open(path);
    ASSERT_TRUE(put(*store, "good"));
    close(std::move(store));
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, path, &raw).ok());
    ASSERT_TRUE(raw->Put({}, metadata_entry_key("bad"), "?").ok());
    delete raw;
    store = open(path);
    EXPECT_TRUE(process.wait(store->get("good")).value());
    EXPECT_EQ(process.wait(store->get("bad")).error().code, errc::corrupt);
    EXPECT_EQ(process.wait(store->list("")).error().code, errc::corrupt);
    EXPECT_EQ(put(*store, "bad").error().code, errc::corrupt);
    EXPECT_TRUE(put(*store, "good"));
    close(std::move(store));
}

TEST_F(embedded_metadata_store_test, with_too_little_space_only_the_last_space_is_used) {
    embedded_metadata_options options;
    options.database.free_bytes_min = ~std::uint64_t{0};
    auto store = open(path, options);
    EXPECT_EQ(put(*store, "a").error().code, errc::no_space);
    EXPECT_EQ(process.wait(store->transact(metadata_transaction().put("b", value("1")).with_last_space())),
              metadata_revision(1));
    EXPECT_EQ(list(*store).entries.size(), 1u);
    close(std::move(store));
}

TEST_F(embedded_metadata_store_test, more_waiting_transactions_than_allowed_are_refused) {
    embedded_metadata_options options;
    options.waiting_max = 2;
    auto store = open(path, options);
    std::vector<env::sim_running<result<metadata_revision>>> running;
    for (int i = 0; i < 5; ++i) {
        running.push_back(
            env::start(process.loop, store->transact(metadata_transaction().put("k", value("1")))));
    }
    process.scheduler.run_until_idle();
    // The first went to work at once, two waited.
    std::vector<bool> accepted;
    for (auto& each : running) accepted.push_back(each.take().has_value());
    EXPECT_THAT(accepted, testing::ElementsAre(true, true, true, false, false));
    close(std::move(store));
}

TEST_F(embedded_metadata_store_test, after_a_failed_write_nothing_is_written_until_a_restart) {
    std::vector<std::string> failures;
    embedded_metadata_options options;
    options.on_failure = [&](const error& why) { failures.push_back(why.message()); };
    auto store = open(path, options);
    ASSERT_TRUE(put(*store, "before"));

    // No file may grow beyond what the log has now: the next write fails midway.
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit old_limit{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
    rlimit small_limit = old_limit;
    small_limit.rlim_cur = fs::file_size(log_file(path)) + 10;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small_limit), 0);
    const auto unknown = put(*store, "during");
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);

    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, errc::unknown_outcome);
    EXPECT_EQ(failures.size(), 1u);
    EXPECT_EQ(put(*store, "after").error().code, errc::failed);
    EXPECT_EQ(failures.size(), 1u);
    EXPECT_EQ(list(*store).entries.size(), 1u);

    auto restarted = open(image_of(path));
    const metadata_listing found = list(*restarted);
    EXPECT_EQ(found.entries.size(), static_cast<std::size_t>(found.revision.value()));
    EXPECT_TRUE(put(*restarted, "after"));
    close(std::move(restarted));
    close(std::move(store));
}

TEST_F(embedded_metadata_store_test, a_failed_write_is_told_with_call_path_and_reason) {
    std::vector<std::string> failures;
    embedded_metadata_options options;
    options.database.on_failed_write = [&](const error& why) { failures.push_back(why.message()); };
    auto store = open(path, options);
    ASSERT_TRUE(put(*store, "before"));
    EXPECT_TRUE(failures.empty());

    std::signal(SIGXFSZ, SIG_IGN);
    rlimit old_limit{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
    rlimit small_limit = old_limit;
    small_limit.rlim_cur = fs::file_size(log_file(path)) + 10;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small_limit), 0);
    EXPECT_FALSE(put(*store, "during"));
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);

    ASSERT_FALSE(failures.empty());
    EXPECT_THAT(failures.front(), testing::HasSubstr(log_file(path).string()));
    EXPECT_THAT(failures.front(), testing::HasSubstr("File too large"));
    close(std::move(store));
}

TEST_F(embedded_metadata_store_test, files_do_not_pile_up_over_restarts) {
    for (int i = 0; i < 40; ++i) {
        auto store = open(path);
        ASSERT_TRUE(put(*store, "boot", std::to_string(i)));
        close(std::move(store));
    }
    const auto files = std::distance(fs::directory_iterator(path), fs::directory_iterator());
    EXPECT_LE(files, 16);
}

env::task<void> many_transactions(env::environment world, std::string path, int* committed) {
    auto store = (co_await embedded_metadata_store::open(&world.workers, &world.loop, path, {})).value();
    for (int i = 0; i < 50; ++i) {
        const std::string key = "k/" + std::to_string(i);
        metadata_transaction one;
        one.require_absent(key).put(key, byte_vector(100));
        const auto done = co_await store->transact(std::move(one));
        if (done && world.loop.is_current()) ++*committed;
    }
    co_await store->close();
}

env::task<void> many_at_once(env::environment world, std::string path, env::host* host, int* committed) {
    env::gate writers;
    for (int i = 0; i < 4; ++i) {
        env::spawn(writers, many_transactions(world, path + std::to_string(i), committed));
    }
    co_await writers.close();
    host->stop();
}

TEST_F(embedded_metadata_store_test, works_with_real_threads) {
    auto made = env::host::make({});
    ASSERT_TRUE(made) << made.error().message();
    const env::environment world = (*made)->shard(0);
    env::gate gate;
    int committed = 0;
    world.loop.post([&] { env::spawn(gate, many_at_once(world, path, made->get(), &committed)); });
    (*made)->run();
    EXPECT_EQ(committed, 200);
}

}  // namespace
}  // namespace logstore::cluster
