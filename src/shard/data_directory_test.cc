#include "shard/data_directory.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "env/testing/sim_world.h"
#include "log/log_errc.h"

namespace logstore {
namespace {

using kind = env::sim_disk_operation_kind;

class data_directory : public ::testing::Test {
  public:
    result<owned_directory> open(const std::string& folder = "/data") {
        return world.run(open_data_directory(world.shard(0), folder));
    }
    void make_folder(const std::string& path) {
        ASSERT_TRUE(world.run(world.shard(0).files.make_directory(path)));
    }
    void write_file(const std::string& path, bytes_view content) {
        auto file = world.run(world.shard(0).files.open(path, env::open_options::read_write().creating()));
        ASSERT_TRUE(file);
        ASSERT_TRUE(world.run((*file)->truncate(0)));
        ASSERT_TRUE(world.run((*file)->write(0, content)));
    }
    byte_vector identity_bytes() { return *world.disk().contents("/data/store.identity"); }
    /// Name and content of everything in a folder.
    std::map<std::string, byte_vector> all_of(const std::string& folder) {
        std::map<std::string, byte_vector> found;
        for (const auto& entry : *world.run(world.shard(0).files.list(folder)))
            found[entry.name] = world.disk().contents(folder + "/" + entry.name).value_or(byte_vector());
        return found;
    }
    /// Refused by that code and with those words, and not one operation that could change anything.
    void expect_refused(std::error_code code, const std::string& words, const std::string& folder = "/data") {
        const auto before = all_of(folder);
        const std::uint64_t last = world.disk().operations();
        const auto opened = open(folder);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, code) << opened.error().message();
        EXPECT_NE(opened.error().message().find(words), std::string::npos) << opened.error().message();
        EXPECT_NE(opened.error().message().find(folder), std::string::npos) << opened.error().message();
        for (const auto& operation : world.disk().trace()) {
            if (operation.number <= last) continue;
            const bool only_looks = operation.kind == kind::list || operation.kind == kind::open ||
                                    operation.kind == kind::read || operation.kind == kind::size ||
                                    operation.kind == kind::drop_cache;
            EXPECT_TRUE(only_looks) << name_of(operation.kind) << " " << operation.path;
        }
        EXPECT_EQ(all_of(folder), before);
    }

    env::sim_world world{1};
};

TEST_F(data_directory, is_made_where_nothing_is_and_found_again) {
    std::string id;
    {
        const auto opened = open();
        ASSERT_TRUE(opened) << opened.error().message();
        id = opened->identity.store_id;
        EXPECT_EQ(id.size(), 22u);
    }
    const auto again = open();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->identity.store_id, id);
}

TEST_F(data_directory, survives_a_power_cut_as_soon_as_it_is_open) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const std::string folder = "/data-" + std::to_string(seed) + "/";
        std::string id;
        {
            const auto opened = open(folder);
            ASSERT_TRUE(opened);
            id = opened->identity.store_id;
        }
        world.crash(seed, env::sim_crash_style::mixed);
        ASSERT_TRUE(world.disk().durable_contents(folder + "store.identity"));
        const auto again = open(folder);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->identity.store_id, id);
    }
}

TEST_F(data_directory, a_first_start_that_a_power_cut_ends_anywhere_is_repeated) {
    std::uint64_t cuts = 0;
    for (std::uint64_t operation = 1;; ++operation) {
        env::sim_world cut(operation);
        cut.disk().crash_after(operation);
        auto opening = cut.start(open_data_directory(cut.shard(0), "/data"));
        cut.run_until([&] { return opening.done() || !cut.disk().has_power(); });
        if (cut.disk().has_power()) break;
        ++cuts;
        cut.crash(operation, env::sim_crash_style::mixed);
        const auto again = cut.run(open_data_directory(cut.shard(0), "/data"));
        ASSERT_TRUE(again) << operation << ": " << again.error().message();
    }
    EXPECT_GT(cuts, 8u);
}

TEST_F(data_directory, what_mkfs_and_an_unfinished_start_leave_is_no_stranger) {
    make_folder("/data");
    make_folder("/data/lost+found");
    write_file("/data/lock", {});
    write_file("/data/store.identity.new", bytes_of("half"));
    EXPECT_TRUE(open());
}

TEST_F(data_directory, of_somebody_else_is_not_touched) {
    make_folder("/data");
    write_file("/data/thesis.txt", bytes_of("years of work"));
    make_folder("/data/photos");
    expect_refused(log_errc::foreign_directory, "give an empty or a new --data-dir");
    // Nor one that has a file by the names of ours.
    write_file("/data/lock", bytes_of("of another program"));
    write_file("/data/store.identity.new", bytes_of("a draft"));
    expect_refused(log_errc::foreign_directory, "photos");
    write_file("/data/store.identity", bytes_of("the identity of another store"));
    expect_refused(log_errc::foreign_directory, "is not a file of logstore");
}

TEST_F(data_directory, with_a_folder_for_an_identity_is_not_touched) {
    make_folder("/data");
    make_folder("/data/store.identity");
    expect_refused(log_errc::foreign_directory, "is not a file of logstore");
}

TEST_F(data_directory, of_a_newer_format_is_not_touched) {
    ASSERT_TRUE(open());
    byte_vector newer = identity_bytes();
    store_big(newer.data() + 8, std::uint32_t(2));
    newer.resize(12);
    ASSERT_TRUE(world.run(world.shard(0).files.remove_file("/data/lock")));
    write_file("/data/store.identity", newer);
    expect_refused(log_errc::newer_format, "start that version");
}

TEST_F(data_directory, with_a_damaged_identity_is_not_touched) {
    ASSERT_TRUE(open());
    const byte_vector whole = identity_bytes();
    ASSERT_TRUE(world.run(world.shard(0).files.remove_file("/data/lock")));
    for (std::size_t length = 12; length < whole.size(); ++length) {
        write_file("/data/store.identity", bytes_view(whole).first(length));
        expect_refused(log_errc::corrupt, "restore it from a backup");
    }
    for (std::size_t at = 12; at < whole.size(); ++at) {
        byte_vector flipped = whole;
        flipped[at] ^= std::byte{1};
        write_file("/data/store.identity", flipped);
        expect_refused(log_errc::corrupt, "restore it from a backup");
    }
    write_file("/data/store.identity", {});
    expect_refused(log_errc::truncated, "restore it from a backup");
    write_file("/data/store.identity", byte_vector(5000));
    expect_refused(log_errc::corrupt, "restore it from a backup");
    write_file("/data/store.identity", whole);
    EXPECT_TRUE(open());
}

TEST_F(data_directory, in_use_is_refused_until_it_is_given_back) {
    std::optional<result<owned_directory>> first = open();
    ASSERT_TRUE(*first);
    const auto second = open();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, log_errc::in_use);
    EXPECT_NE(second.error().message().find("stop that one"), std::string::npos) << second.error().message();
    first.reset();
    EXPECT_TRUE(open());
}

TEST_F(data_directory, that_two_processes_make_at_once_belongs_to_one) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        env::sim_world both(seed, 2);
        auto left = both.start(open_data_directory(both.shard(0), "/data"), 0);
        auto right = both.start(open_data_directory(both.shard(1), "/data"), 1);
        ASSERT_TRUE(both.run_until([&] { return left.done() && right.done(); }));
        const auto one = left.take();
        const auto other = right.take();
        ASSERT_NE(one.has_value(), other.has_value()) << seed;
        EXPECT_EQ((one ? other : one).error().code, log_errc::in_use)
            << (one ? other : one).error().message();
    }
}

TEST_F(data_directory, that_became_a_store_before_it_was_locked_keeps_its_identity) {
    make_folder("/data");
    world.disk().hold(env::sim_disk_operations(kind::lock));
    auto slow = world.start(open_data_directory(world.shard(0), "/data"));
    world.advance(std::chrono::seconds(1));
    ASSERT_FALSE(slow.done());
    // Another process was faster, made a store and is gone again.
    env::sim_world elsewhere(7);
    const auto made = elsewhere.run(open_data_directory(elsewhere.shard(0), "/data"));
    ASSERT_TRUE(made);
    write_file("/data/store.identity", *elsewhere.disk().contents("/data/store.identity"));
    make_folder("/data/journal");
    world.disk().release();
    ASSERT_TRUE(world.run_until([&] { return slow.done(); }));
    const auto opened = slow.take();
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(opened->identity.store_id, made->identity.store_id);
}

TEST_F(data_directory, that_somebody_filled_before_it_was_locked_is_refused) {
    make_folder("/data");
    world.disk().hold(env::sim_disk_operations(kind::lock));
    auto slow = world.start(open_data_directory(world.shard(0), "/data"));
    world.advance(std::chrono::seconds(1));
    write_file("/data/thesis.txt", bytes_of("years of work"));
    world.disk().release();
    ASSERT_TRUE(world.run_until([&] { return slow.done(); }));
    const auto opened = slow.take();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, log_errc::foreign_directory);
    EXPECT_FALSE(world.disk().contents("/data/store.identity"));
}

TEST_F(data_directory, that_is_a_file_or_lies_below_one_is_refused) {
    write_file("/thesis.txt", bytes_of("years of work"));
    for (const char* folder : {"/thesis.txt", "/thesis.txt/data"}) {
        const auto opened = open(folder);
        ASSERT_FALSE(opened);
        EXPECT_NE(opened.error().message().find("is a file"), std::string::npos) << opened.error().message();
    }
    EXPECT_EQ(text_of(*world.disk().contents("/thesis.txt")), "years of work");
}

TEST_F(data_directory, without_a_parent_is_refused) {
    const auto opened = open("/nowhere/data");
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message().find("make its parent"), std::string::npos)
        << opened.error().message();
}

TEST_F(data_directory, that_cannot_be_read_or_written_is_refused_with_what_to_do) {
    make_folder("/data");
    struct refusal {
        kind what;
        std::string ending;
        const char* words;
    };
    const refusal refusals[] = {{kind::list, "/data", "make it readable and writable"},
                                {kind::lock, "lock", "make it writable"},
                                {kind::open, "store.identity.new", "make it writable"},
                                {kind::sync_directory, "/data", "make it writable"}};
    for (const refusal& one : refusals) {
        for (const std::errc code : {std::errc::permission_denied, std::errc::read_only_file_system}) {
            world.disk().fail_matching(env::sim_disk_operations(one.what, one.ending), code);
            const auto opened = open();
            world.disk().clear_faults();
            auto gone = world.run(world.shard(0).files.remove_file("/data/store.identity"));
            (void)gone;  // it is there where the fault came after its rename
            ASSERT_FALSE(opened) << one.words;
            EXPECT_EQ(opened.error().code, code);
            EXPECT_NE(opened.error().message().find(one.words), std::string::npos)
                << opened.error().message();
            EXPECT_NE(opened.error().message().find("/data"), std::string::npos) << opened.error().message();
        }
    }
    EXPECT_TRUE(open());
}

}  // namespace
}  // namespace logstore
