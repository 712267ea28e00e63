#include "app/testing/inspect_fixture.h"
#include "kafka/protocol/record.h"

namespace logstore::app {
namespace {

byte_vector batch_at(std::int64_t base, int records, std::int32_t epoch = 3, std::size_t value_bytes = 10) {
    kafka::record_batch_builder builder;
    const byte_vector value(value_bytes, std::byte('v'));
    for (int i = 0; i < records; ++i) builder.append(timestamp_ms(1'700'000'000'000 + i), {}, value);
    byte_vector batch = builder.finish();
    assign_record_batch(batch.data(), offset(base), leader_epoch(epoch));
    return batch;
}

void append(byte_vector& to, const byte_vector& more) {
    to.insert(to.end(), more.begin(), more.end());
}

struct inspect_segment_test : testing::inspect_fixture {
    outcome inspect_bytes(bytes_view content, const std::string& name = "00000000000000000000.log") {
        return inspect(stored_format::segment, folder.write(name, content));
    }
};

TEST_F(inspect_segment_test, a_whole_segment_is_listed_batch_by_batch) {
    byte_vector file = batch_at(0, 2);
    const std::size_t first_bytes = file.size();
    append(file, batch_at(2, 1, 4));
    const outcome got = inspect_bytes(file);
    EXPECT_EQ(got.code, exit_code::success) << got.said;
    EXPECT_EQ(got.printed, "position 0  offsets 0-1  records 2  codec none  bytes " +
                               std::to_string(first_bytes) +
                               "  timestamps 1700000000000-1700000000001  epoch 3  crc ok\n"
                               "position " +
                               std::to_string(first_bytes) + "  offsets 2-2  records 1  codec none  bytes " +
                               std::to_string(file.size() - first_bytes) +
                               "  timestamps 1700000000000-1700000000000  epoch 4  crc ok\n"
                               "2 batches, 3 records, " +
                               std::to_string(file.size()) + " bytes\n");
}

TEST_F(inspect_segment_test, json_has_one_object_a_line) {
    const outcome got = inspect(stored_format::segment, folder.write("0.log", batch_at(7, 1)), true);
    EXPECT_EQ(got.code, exit_code::success) << got.said;
    EXPECT_TRUE(got.printed.starts_with("{\"position\":0,\"base_offset\":7,\"last_offset\":7,\"records\":1,"))
        << got.printed;
    EXPECT_CONTAINS(got.printed, "\"crc_ok\":true}\n{\"summary\":{\"batches\":1,");
}

TEST_F(inspect_segment_test, a_flipped_bit_is_damage_and_the_batches_behind_it_are_still_listed) {
    byte_vector file = batch_at(0, 2);
    file[file.size() - 1] ^= std::byte(1);
    append(file, batch_at(2, 1));
    const outcome got = inspect_bytes(file);
    EXPECT_EQ(got.code, exit_code::failed);
    EXPECT_CONTAINS(got.printed, "DAMAGED: the CRC does not hold\n");
    EXPECT_CONTAINS(got.printed, "offsets 2-2");
    EXPECT_CONTAINS(got.printed, "DAMAGED: 1 of 2 batches");
}

TEST_F(inspect_segment_test, what_the_crc_does_not_cover_is_judged_too) {
    byte_vector back = batch_at(5, 2);
    append(back, batch_at(6, 1));
    EXPECT_CONTAINS(inspect_bytes(back).printed, "offsets go back: 7 was to come");

    byte_vector epoch = batch_at(0, 1, 5);
    append(epoch, batch_at(1, 1, 4));
    EXPECT_CONTAINS(inspect_bytes(epoch).printed, "the leader epoch goes back from 5");

    EXPECT_CONTAINS(inspect_bytes(batch_at(9, 1), "00000000000000000010.log").printed,
                    "offsets go back: 10 was to come");
    EXPECT_CONTAINS(inspect_bytes(batch_at(std::numeric_limits<std::int64_t>::max(), 2)).printed,
                    "the offsets are impossible");
}

TEST_F(inspect_segment_test, a_gap_between_offsets_is_what_compaction_leaves) {
    byte_vector file = batch_at(0, 2);
    append(file, batch_at(10, 1));
    EXPECT_EQ(inspect_bytes(file).code, exit_code::success);
}

TEST_F(inspect_segment_test, reserved_room_behind_the_batches_is_no_damage) {
    byte_vector file = batch_at(0, 2);
    const std::size_t content = file.size();
    file.resize(3 << 20);
    const outcome got = inspect_bytes(file);
    EXPECT_EQ(got.code, exit_code::success);
    EXPECT_CONTAINS(got.printed,
                    "then " + std::to_string(file.size() - content) + " zero bytes of reserved room");
}

TEST_F(inspect_segment_test, a_last_batch_cut_at_a_block_is_unfinished_unless_the_segment_is_sealed) {
    byte_vector file = batch_at(0, 1);
    append(file, batch_at(1, 1, 3, 6000));
    for (const std::size_t file_bytes : {std::size_t(4096), std::size_t(1) << 20}) {
        byte_vector cut = file;
        std::fill(cut.begin() + 4096, cut.end(), std::byte(0));
        cut.resize(file_bytes);
        const outcome got = inspect_bytes(cut);
        EXPECT_EQ(got.code, exit_code::success) << got.printed;
        EXPECT_CONTAINS(got.printed, "whose rest is in the journal or was never acknowledged");
    }
    folder.write("00000000000000000000.seal", {});
    const outcome sealed = inspect_bytes(bytes_view(file).first(4096));
    EXPECT_EQ(sealed.code, exit_code::failed);
    EXPECT_CONTAINS(sealed.printed, "a record batch runs past the end of the file");
}

TEST_F(inspect_segment_test, a_header_cut_at_a_block_is_unfinished) {
    byte_vector file = batch_at(0, 1, 3, 4096 - 61 - 30);
    ASSERT_LT(file.size(), 4096u);
    ASSERT_GT(file.size() + record_batch_header_bytes, 4096u);
    append(file, batch_at(1, 1, 3, 100));
    file.resize(4096);
    const outcome got = inspect_bytes(file);
    EXPECT_EQ(got.code, exit_code::success) << got.printed;
    EXPECT_CONTAINS(got.printed, "whose rest is in the journal");
}

TEST_F(inspect_segment_test, a_batch_larger_than_the_window_is_verified) {
    byte_vector file = batch_at(0, 1, 3, 5 << 20);
    append(file, batch_at(1, 1));
    EXPECT_EQ(inspect_bytes(file).code, exit_code::success);
    file[3 << 20] ^= std::byte(1);
    EXPECT_EQ(inspect_bytes(file).code, exit_code::failed);
}

TEST_F(inspect_segment_test, what_is_no_segment_is_damage_and_no_file_is_not_found) {
    const outcome text =
        inspect_bytes(bytes_of("this is not a segment, whatever its name may say, and it is long enough"));
    EXPECT_EQ(text.code, exit_code::failed);
    EXPECT_CONTAINS(text.printed, "DAMAGED at position 0: no record batch begins here");
    EXPECT_EQ(inspect_bytes({}).code, exit_code::success);
    EXPECT_EQ(inspect(stored_format::segment, folder.path_of("absent.log")).code, exit_code::not_found);
    EXPECT_EQ(inspect(stored_format::segment, folder.path()).code, exit_code::failed);
}

TEST_F(inspect_segment_test, no_damage_crashes_it_and_none_goes_unseen) {
    byte_vector whole;
    for (int i = 0; i < 4; ++i) append(whole, batch_at(i * 3, 3, 3));
    const std::string path = folder.write("00000000000000000000.log", whole);
    ASSERT_EQ(inspect(stored_format::segment, path).code, exit_code::success);
    const std::size_t batch_bytes = whole.size() / 4;
    for (std::size_t at = 0; at < 2 * batch_bytes; ++at) {
        byte_vector damaged = whole;
        damaged[at] ^= std::byte(0x80);
        const outcome got = inspect_bytes(damaged);
        // A higher base offset or epoch is seen by the batch behind it.
        EXPECT_EQ(got.code, exit_code::failed) << "byte " << at << "\n" << got.printed;
    }
}

}  // namespace
}  // namespace logstore::app
