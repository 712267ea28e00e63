// `logstore inspect journal` and `logstore inspect recovery-points`.
#include <algorithm>
#include <filesystem>
#include <optional>

#include "app/testing/inspect_fixture.h"
#include "base/crc32c.h"
#include "log/journal_format.h"
#include "log/recovery_points.h"

namespace logstore::app {
namespace {

const tablet_id events_1{topic_id::from_random_bits(1, 2), partition_id(1)};

byte_vector truncate_entry(std::int64_t base, std::uint32_t* checksum) {
    journal_entry_header header;
    header.kind = journal_entry_kind::truncate;
    header.tablet = events_1;
    header.epoch = leader_epoch(3);
    header.base_offset = offset(base);
    header.next = next_offset(base);
    byte_vector out(journal_entry_header_bytes);
    *checksum = encode_journal_entry_header(header, out.data());
    return out;
}

/// Groups of one journal file, one entry each.
struct journal_bytes {
    byte_vector file;
    std::uint64_t salt = 77;
    std::uint64_t sequence = 5;
    std::uint32_t checksum_before = 0;

    void add_group() {
        std::uint32_t entry_checksum = 0;
        const byte_vector entry = truncate_entry(static_cast<std::int64_t>(sequence), &entry_checksum);
        std::byte stored_checksum[sizeof entry_checksum];
        store_big(stored_checksum, entry_checksum);
        journal_group_header header;
        header.salt = salt;
        header.sequence = journal_sequence(sequence++);
        header.checksum_before = checksum_before;
        header.payload_bytes = static_cast<std::uint32_t>(entry.size());
        header.entry_count = 1;
        header.entries_checksum = crc32c(stored_checksum);
        const std::size_t at = file.size();
        file.resize(at + header.size_on_disk());
        encode_journal_group_header(header, file.data() + at);
        std::ranges::copy(entry, file.begin() + static_cast<std::ptrdiff_t>(at + journal_group_header_bytes));
        checksum_before = header.checksum;
    }
    void damage_group(std::size_t index) {
        file[index * block_bytes + journal_group_header_bytes + 10] ^= std::byte(1);
    }
};

struct inspect_store_test : testing::inspect_fixture {
    outcome inspect_journal(const journal_bytes& journal, bool json = false) {
        return inspect(stored_format::journal, folder.write("0-0.journal", journal.file), json);
    }
};

journal_bytes three_groups() {
    journal_bytes journal;
    for (int i = 0; i < 3; ++i) journal.add_group();
    return journal;
}

TEST_F(inspect_store_test, a_whole_journal_is_listed_group_by_group) {
    const outcome got = inspect_journal(three_groups());
    EXPECT_EQ(got.code, exit_code::success) << got.printed << got.said;
    EXPECT_CONTAINS(got.printed,
                    "position 4096  group 6  entries 1  bytes 72  salt 000000000000004d  ok  needed\n");
    EXPECT_CONTAINS(got.printed,
                    "  truncate  topic " + events_1.topic.text() + "  partition 1  epoch 3  offsets 6-6");
    EXPECT_CONTAINS(got.printed, "\n3 groups: 3 needed\n");
    EXPECT_CONTAINS(got.printed, "there are no recovery points beside this file");
}

TEST_F(inspect_store_test, a_damaged_last_group_is_a_torn_tail) {
    journal_bytes journal = three_groups();
    journal.damage_group(2);
    const outcome got = inspect_journal(journal);
    EXPECT_EQ(got.code, exit_code::success);
    EXPECT_CONTAINS(got.printed, "group 7  entries 1  bytes 72  salt 000000000000004d  does not hold");
    EXPECT_CONTAINS(got.printed, "the last needed one does not hold: it was never acknowledged");
}

TEST_F(inspect_store_test, damage_before_the_last_group_is_damage) {
    journal_bytes journal = three_groups();
    journal.damage_group(1);
    const outcome got = inspect_journal(journal);
    EXPECT_EQ(got.code, exit_code::failed);
    EXPECT_CONTAINS(got.printed, "DAMAGED: group 6 is damaged, and a later one proves that it was whole");

    journal_bytes gap;
    gap.add_group();
    gap.sequence += 2;
    gap.add_group();
    EXPECT_CONTAINS(inspect_journal(gap).printed, "DAMAGED: groups 6 to 7 are missing");

    journal_bytes unchained;
    unchained.add_group();
    unchained.checksum_before ^= 1;
    unchained.add_group();
    EXPECT_CONTAINS(inspect_journal(unchained).printed,
                    "DAMAGED: group 6 does not continue the one before it");
}

TEST_F(inspect_store_test, groups_of_an_earlier_use_are_not_judged) {
    journal_bytes journal;
    journal.sequence = 20;
    journal.add_group();
    journal.salt = 66;
    journal.sequence = 3;
    journal.add_group();
    journal.add_group();
    journal.damage_group(1);
    const outcome got = inspect_journal(journal);
    EXPECT_EQ(got.code, exit_code::success) << got.printed;
    EXPECT_CONTAINS(got.printed,
                    "salt 0000000000000042  does not hold  left from an earlier start of the store\n");
    EXPECT_CONTAINS(got.printed, "\n3 groups: 1 needed, 2 left from an earlier start of the store\n");
}

TEST_F(inspect_store_test, groups_of_an_earlier_round_are_not_missing_ones) {
    journal_bytes journal;
    for (const std::uint64_t sequence : {120, 121, 55, 56, 13}) {
        journal.sequence = sequence;
        if (sequence != 121 && sequence != 56) journal.checksum_before = 0;
        journal.add_group();
    }
    journal.damage_group(3);
    const outcome got = inspect_journal(journal);
    EXPECT_EQ(got.code, exit_code::success) << got.printed;
    EXPECT_CONTAINS(
        got.printed,
        "group 55  entries 1  bytes 72  salt 000000000000004d  ok  left from an earlier use of the file\n");
    EXPECT_CONTAINS(got.printed, "\n5 groups: 2 needed, 3 left from an earlier use of the file\n");
    // Entries of what is left are not shown: the topics may hold something else by now.
    EXPECT_CONTAINS(got.printed, "offsets 121-121");
    EXPECT_EQ(got.printed.find("offsets 55-55"), std::string::npos);
}

struct inspect_journal_of_a_store : inspect_store_test {
    void SetUp() override {
        std::filesystem::create_directory(folder.path_of("journal"));
        std::filesystem::create_directory(folder.path_of("recovery"));
    }
    void write_points(boot_number boot, std::uint64_t salt, std::uint64_t floor,
                      std::optional<std::uint32_t> shard) {
        recovery_point_file points;
        points.boot = boot;
        points.floor = journal_sequence(floor);
        points.shards = shard ? 4 : 0;
        points.shard = shard_id(shard.value_or(0));
        points.journal_salt = salt;
        const std::string name =
            shard ? recovery_points_name(boot, points.shard) : store_recovery_points_name(boot);
        folder.write("recovery/" + name, encode_recovery_points(points));
    }
    outcome inspect_shard_2(const journal_bytes& journal, bool json = false) {
        return inspect(stored_format::journal, folder.write("journal/2-0.journal", journal.file), json);
    }
};

TEST_F(inspect_journal_of_a_store, the_recovery_points_beside_it_say_what_is_needed) {
    write_points(boot_number(3), 66, 1, std::nullopt);
    write_points(boot_number(4), 77, 5, std::nullopt);
    write_points(boot_number(4), 77, 6, 2);
    write_points(boot_number(4), 77, 7, 1);  // of another shard
    journal_bytes journal = three_groups();
    journal.salt = 66;
    journal.sequence = 3;
    journal.add_group();
    const outcome got = inspect_shard_2(journal);
    EXPECT_EQ(got.code, exit_code::success) << got.printed << got.said;
    EXPECT_CONTAINS(
        got.printed,
        "the store's start 4 has salt 000000000000004d and needs groups from 6 on (recovery/4-2.points)\n");
    EXPECT_CONTAINS(got.printed, "group 5  entries 1  bytes 72  salt 000000000000004d  ok  in segments\n");
    EXPECT_CONTAINS(got.printed,
                    "\n4 groups: 2 needed, 1 in segments, 1 left from an earlier start of the store\n");
    EXPECT_CONTAINS(
        inspect_shard_2(journal, true).printed,
        "{\"summary\":{\"groups\":4,\"needed\":2,\"covered\":1,\"earlier_use\":0,\"earlier_start\":1,"
        "\"salt\":\"000000000000004d\",\"recovery_points\":\"recovery/4-2.points\",\"tail_is_torn\":false,"
        "\"damage\":[]}}\n");
}

TEST_F(inspect_journal_of_a_store, damage_of_what_is_in_segments_is_none) {
    write_points(boot_number(4), 77, 7, 2);
    journal_bytes journal = three_groups();
    journal.damage_group(0);
    journal.damage_group(1);
    EXPECT_EQ(inspect_shard_2(journal).code, exit_code::success);
    write_points(boot_number(4), 77, 6, 2);
    const outcome needed = inspect_shard_2(journal);
    EXPECT_EQ(needed.code, exit_code::failed);
    EXPECT_CONTAINS(needed.printed, "DAMAGED: group 6 is damaged");
}

TEST_F(inspect_journal_of_a_store, a_beginning_that_is_gone_is_damage_when_it_is_needed) {
    write_points(boot_number(4), 77, 5, 2);
    journal_bytes journal = three_groups();
    journal.file[3] ^= std::byte(1);
    const outcome got = inspect_shard_2(journal);
    EXPECT_EQ(got.code, exit_code::failed);
    EXPECT_CONTAINS(got.printed, "DAMAGED: what comes before group 6 in this file is no group");
    write_points(boot_number(4), 77, 6, 2);
    EXPECT_EQ(inspect_shard_2(journal).code, exit_code::success);
}

TEST_F(inspect_journal_of_a_store, a_file_that_the_present_start_has_not_used_is_whole) {
    write_points(boot_number(9), 99, 1000, std::nullopt);
    journal_bytes journal = three_groups();
    journal.damage_group(0);
    const outcome got = inspect_shard_2(journal);
    EXPECT_EQ(got.code, exit_code::success);
    EXPECT_CONTAINS(got.printed, "\n3 groups: 3 left from an earlier start of the store\n");
}

TEST_F(inspect_journal_of_a_store, what_a_client_wrote_is_not_taken_for_a_group) {
    write_points(boot_number(4), 77, 5, 2);
    // Inside a damaged group: headers that a client may have put into a record, one of them of a newer
    // version.
    journal_bytes journal = three_groups();
    journal.damage_group(0);
    journal_group_header forged;
    forged.salt = 1;
    forged.sequence = journal_sequence(~std::uint64_t(0));
    forged.payload_bytes = 2 * block_bytes - journal_group_header_bytes;
    byte_vector blocks(2 * block_bytes);
    encode_journal_group_header(forged, blocks.data());
    encode_journal_group_header(forged, blocks.data() + block_bytes);
    store_big(blocks.data() + block_bytes + 8, std::uint16_t(2));
    store_big(blocks.data() + block_bytes + 60, crc32c(bytes_view(blocks).subspan(block_bytes, 60)));
    journal.file.insert(journal.file.begin() + block_bytes, blocks.begin(), blocks.end());
    const outcome got = inspect_shard_2(journal);
    EXPECT_EQ(got.code, exit_code::failed);
    EXPECT_CONTAINS(got.printed, "DAMAGED: group 5 is damaged");
    EXPECT_CONTAINS(got.printed, "3 needed");
}

TEST_F(inspect_store_test, a_journal_in_json_has_one_group_a_line) {
    const outcome got = inspect_journal(three_groups(), true);
    EXPECT_EQ(std::ranges::count(got.printed, '\n'), 4);
    EXPECT_CONTAINS(got.printed,
                    "\"use\":\"needed\",\"bytes\":72,\"holds\":true,\"entries\":[{\"kind\":\"truncate\",");
    EXPECT_CONTAINS(got.printed, "{\"summary\":{\"groups\":3,\"needed\":3,\"covered\":0,");
    EXPECT_CONTAINS(got.printed, "\"recovery_points\":null,\"tail_is_torn\":false,\"damage\":[]}}\n");
}

TEST_F(inspect_store_test, recovery_points_are_listed_and_damage_is_told) {
    recovery_point_file points;
    points.boot = boot_number(4);
    points.floor = journal_sequence(9);
    points.shards = 2;
    points.shard = shard_id(1);
    recovery_point& one = points.points.emplace_back();
    one.tablet = events_1;
    one.next = next_offset(42);
    one.segment_bytes = 8192;
    byte_vector bytes = encode_recovery_points(points);
    const outcome got = inspect(stored_format::recovery_points, folder.write("4-1.points", bytes));
    EXPECT_EQ(got.code, exit_code::success) << got.said;
    EXPECT_CONTAINS(got.printed, "boot 4  shard 1 of 2  journal groups needed from 9 on  1 tablets\n");
    EXPECT_CONTAINS(got.printed, events_1.topic.text());
    const outcome json = inspect(stored_format::recovery_points, folder.path_of("4-1.points"), true);
    EXPECT_CONTAINS(json.printed, "\"next_offset\":42,");

    bytes[bytes.size() / 2] ^= std::byte(1);
    EXPECT_EQ(inspect(stored_format::recovery_points, folder.write("4-1.points", bytes)).code,
              exit_code::failed);
    EXPECT_EQ(inspect(stored_format::recovery_points, folder.path_of("absent")).code, exit_code::not_found);
}

}  // namespace
}  // namespace logstore::app
