#include "log/journal_format.h"

#include <gtest/gtest.h>

#include "log/journal_group.h"
#include "log/log_errc.h"
#include "log/testing/test_batch.h"

namespace logstore {
namespace {

journal_entry_header batch_entry(const byte_vector& batch) {
    const auto stored = *read_record_batch_header(batch);
    journal_entry_header entry;
    entry.kind = journal_entry_kind::batch;
    entry.tablet = {topic_id::from_random_bits(5, 6), partition_id(7)};
    entry.epoch = leader_epoch(3);
    entry.length = static_cast<std::uint32_t>(batch.size());
    entry.base_offset = stored.base_offset;
    entry.next = stored.next();
    entry.segment_base = offset(0);
    entry.position = byte_position(1234);
    return entry;
}

/// One group with two batches and a tail, as it goes to disk.
byte_vector make_group(std::uint64_t salt = 99) {
    journal_group group(64 * 1024);
    for (int i = 0; i < 2; ++i) {
        byte_vector batch = make_test_batch(200 + i);
        std::ranges::copy(batch, group.begin_entry(batch.size()).begin());
        group.end_entry(batch_entry(batch), batch.size());
    }
    journal_entry_header tail = batch_entry(make_test_batch(100));
    tail.kind = journal_entry_kind::tail;
    const mutable_bytes room = group.begin_entry(33);
    std::ranges::fill(room, std::byte{8});
    group.end_entry(tail, 33);
    journal_group_header header;
    header.salt = salt;
    header.sequence = journal_sequence(42);
    header.checksum_before = 7;
    const bytes_view blocks = group.finish(header);
    return {blocks.begin(), blocks.end()};
}

result<> check(const byte_vector& blocks) {
    const auto header = decode_journal_group_header(blocks);
    if (!header) return std::unexpected(header.error());
    return check_journal_payload(
        *header, bytes_view(blocks).subspan(journal_group_header_bytes, header->payload_bytes));
}

TEST(journal_format, a_group_comes_back_as_it_was_written) {
    const byte_vector blocks = make_group();
    EXPECT_TRUE(is_block_aligned(blocks.size()));
    const auto header = decode_journal_group_header(blocks);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->salt, 99u);
    EXPECT_EQ(header->sequence, journal_sequence(42));
    EXPECT_EQ(header->checksum_before, 7u);
    EXPECT_EQ(header->entry_count, 3u);
    EXPECT_EQ(header->size_on_disk(), blocks.size());
    ASSERT_TRUE(check(blocks));
    journal_entry_cursor cursor(
        bytes_view(blocks).subspan(journal_group_header_bytes, header->payload_bytes));
    const auto first = cursor.next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->header.tablet.partition, partition_id(7));
    EXPECT_EQ(first->header.epoch, leader_epoch(3));
    EXPECT_EQ(first->header.position, byte_position(1234));
    EXPECT_EQ(byte_vector(first->data.begin(), first->data.end()), make_test_batch(200));
}

TEST(journal_format, damage_at_any_byte_of_a_group_is_found) {
    const byte_vector blocks = make_group();
    const std::size_t used = journal_group_header_bytes + decode_journal_group_header(blocks)->payload_bytes;
    for (std::size_t at = 0; at < used; ++at) {
        for (const unsigned bit : {0u, 7u}) {
            byte_vector damaged = blocks;
            damaged[at] ^= std::byte(1u << bit);
            EXPECT_FALSE(check(damaged)) << "byte " << at;
        }
    }
}

TEST(journal_format, a_payload_cut_anywhere_is_refused) {
    const byte_vector blocks = make_group();
    const auto header = *decode_journal_group_header(blocks);
    const bytes_view payload = bytes_view(blocks).subspan(journal_group_header_bytes, header.payload_bytes);
    for (std::size_t bytes = 0; bytes < payload.size(); ++bytes)
        EXPECT_FALSE(check_journal_payload(header, payload.first(bytes))) << bytes;
}

TEST(journal_format, a_newer_version_is_told_from_damage) {
    byte_vector blocks = make_group();
    store_big(blocks.data() + 8, std::uint16_t(2));
    store_big(blocks.data() + 60, crc32c(bytes_view(blocks).first(60)));
    EXPECT_EQ(decode_journal_group_header(blocks).error().code, log_errc::newer_format);
}

TEST(journal_format, the_example_of_its_page_is_right) {
    journal_group group(4096);
    journal_group_header header;
    header.salt = 0x1122334455667788;
    header.sequence = journal_sequence(42);
    header.checksum_before = 0xA1B2C3D4;
    EXPECT_EQ(group.finish(header).size(), 4096u);
    EXPECT_EQ(header.checksum, 0x65846D44u);
    journal_entry_header entry;
    entry.kind = journal_entry_kind::log_start;
    entry.tablet = {topic_id::from_random_bits(0, 2), partition_id(3)};
    entry.base_offset = offset(500);
    std::byte bytes[journal_entry_header_bytes];
    EXPECT_EQ(encode_journal_entry_header(entry, bytes), 0x72BBB1C9u);
}

TEST(journal_format, a_group_is_recognised_by_its_salt) {
    const byte_vector blocks = make_group(5);
    EXPECT_TRUE(may_be_journal_group(blocks, 5));
    EXPECT_FALSE(may_be_journal_group(blocks, 6));
    EXPECT_FALSE(may_be_journal_group(bytes_view(blocks).first(23), 5));
}

}  // namespace
}  // namespace logstore
