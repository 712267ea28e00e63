#include "log/recovery_points.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "log/block_images.h"

namespace logstore {
namespace {

recovery_point_file make_file() {
    recovery_point_file file;
    file.boot = boot_number(3);
    file.floor = journal_sequence(900);
    file.shards = 4;
    file.shard = shard_id(2);
    file.journal_salt = 0x1122334455667788;
    for (int i = 0; i < 3; ++i) {
        recovery_point point;
        point.tablet = {topic_id::from_random_bits(1, i), partition_id(i)};
        point.log_start = offset(10 * i);
        point.segment_base = offset(100 * i);
        point.segment_bytes = 5000u * i;
        point.next = next_offset(100 * i + 7);
        point.covered = journal_sequence(900 + i);
        point.has_journal_tail = i == 1;
        point.has_exact_length = i > 0;
        point.max_timestamp = timestamp_ms(1000 * i);
        file.points.push_back(point);
    }
    return file;
}

TEST(recovery_points, come_back_as_they_were_written) {
    const recovery_point_file file = make_file();
    const auto read = decode_recovery_points(encode_recovery_points(file));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->boot, file.boot);
    EXPECT_EQ(read->floor, file.floor);
    EXPECT_EQ(read->shards, file.shards);
    EXPECT_EQ(read->shard, file.shard);
    EXPECT_EQ(read->journal_salt, file.journal_salt);
    ASSERT_EQ(read->points.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(read->points[i].tablet, file.points[i].tablet);
        EXPECT_EQ(read->points[i].log_start, file.points[i].log_start);
        EXPECT_EQ(read->points[i].segment_base, file.points[i].segment_base);
        EXPECT_EQ(read->points[i].segment_bytes, file.points[i].segment_bytes);
        EXPECT_EQ(read->points[i].next, file.points[i].next);
        EXPECT_EQ(read->points[i].covered, file.points[i].covered);
        EXPECT_EQ(read->points[i].has_journal_tail, file.points[i].has_journal_tail);
        EXPECT_EQ(read->points[i].has_exact_length, file.points[i].has_exact_length);
        EXPECT_EQ(read->points[i].max_timestamp, file.points[i].max_timestamp);
    }
}

TEST(recovery_points, the_example_of_their_page_is_right) {
    recovery_point_file file;
    file.boot = boot_number(7);
    file.floor = journal_sequence(900);
    file.shards = 4;
    file.shard = shard_id(2);
    file.journal_salt = 0x1122334455667788;
    recovery_point point;
    point.tablet = {topic_id::from_random_bits(0, 2), partition_id(3)};
    point.log_start = offset(500);
    point.segment_base = offset(480);
    point.segment_bytes = 8192;
    point.next = next_offset(611);
    point.covered = journal_sequence(899);
    point.has_journal_tail = true;
    point.max_timestamp = timestamp_ms(1'700'000'000'000);
    file.points.push_back(point);
    const byte_vector bytes = encode_recovery_points(file);
    ASSERT_EQ(bytes.size(), 0x7Cu);
    EXPECT_EQ(load_big<std::uint32_t>(bytes.data() + 0x78), 0xC0C30880u);
}

TEST(recovery_points, of_version_1_are_read_without_largest_timestamps) {
    const recovery_point_file file = make_file();
    const byte_vector now = encode_recovery_points(file);
    byte_vector before(now.begin(), now.begin() + 48);
    store_big(before.data() + 8, std::uint16_t(1));
    for (std::size_t i = 0; i < 3; ++i) {
        const auto point = now.begin() + 48 + static_cast<std::ptrdiff_t>(i * 72);
        before.insert(before.end(), point, point + 64);
    }
    before.resize(before.size() + 4);
    store_big(before.data() + before.size() - 4, crc32c(bytes_view(before).first(before.size() - 4)));
    const auto read = decode_recovery_points(before);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->points.size(), 3u);
    EXPECT_EQ(read->points[2].covered, file.points[2].covered);
    EXPECT_EQ(read->points[2].max_timestamp, no_timestamp);
}

template <class Decode>
void expect_any_change_refused(const byte_vector& whole, Decode decode) {
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
        EXPECT_FALSE(decode(bytes_view(whole).first(bytes))) << bytes;
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        byte_vector damaged = whole;
        damaged[bit / 8] ^= std::byte(1u << (bit % 8));
        EXPECT_FALSE(decode(damaged)) << "bit " << bit;
    }
    byte_vector longer = whole;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(decode(longer));
}

TEST(recovery_points, cut_anywhere_or_with_any_bit_flipped_are_refused) {
    expect_any_change_refused(encode_recovery_points(make_file()), decode_recovery_points);
}

TEST(block_images, come_back_and_any_change_is_refused) {
    std::vector<block_image> images(2);
    images[0].tablet.partition = partition_id(4);
    images[0].segment_base = offset(77);
    images[0].position = 8192;
    images[0].bytes.assign(100, std::byte{9});
    const byte_vector whole = encode_block_images(images);
    const auto read = decode_block_images(whole);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), 2u);
    EXPECT_EQ((*read)[0].tablet, images[0].tablet);
    EXPECT_EQ((*read)[0].segment_base, images[0].segment_base);
    EXPECT_EQ((*read)[0].position, images[0].position);
    EXPECT_EQ((*read)[0].bytes, images[0].bytes);
    EXPECT_TRUE((*read)[1].bytes.empty());
    expect_any_change_refused(whole, decode_block_images);
}

}  // namespace
}  // namespace logstore
