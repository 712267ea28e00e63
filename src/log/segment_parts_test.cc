// The parts of a segment in memory: its tail, its index, its marks.
#include <gtest/gtest.h>

#include "env/testing/sim_world.h"
#include "log/live_segment.h"
#include "log/segment_files.h"
#include "log/testing/test_batch.h"
#include "log/whole_file.h"

namespace logstore {
namespace {

byte_vector pattern(std::uint64_t from, std::size_t bytes) {
    byte_vector out(bytes);
    for (std::size_t i = 0; i < bytes; ++i) out[i] = std::byte(((from + i) * 2654435761u) >> 13);
    return out;
}

TEST(segment_tail, gives_back_at_every_position_what_was_appended) {
    env::sim_random random(1);
    segment_tail tail(8192);
    while (tail.end() < 8192 + 700'000) tail.append(pattern(tail.end(), 1 + random.next() % 9000));
    for (int i = 0; i < 500; ++i) {
        const std::uint64_t from = tail.start() + random.next() % (tail.end() - tail.start());
        const std::size_t bytes = 1 + random.next() % (tail.end() - from);
        byte_vector copied(bytes);
        tail.copy(from, copied);
        ASSERT_EQ(copied, pattern(from, bytes));
    }
}

TEST(segment_tail, slices_outlive_the_memory_that_is_dropped) {
    segment_tail tail(0);
    tail.append(pattern(0, 50'000));
    std::vector<env::shared_bytes> pieces;
    tail.slice(100, 20'000, pieces);
    const std::size_t before = tail.memory_bytes();
    const std::size_t freed = tail.drop_below(40'000);
    EXPECT_GT(freed, 0u);
    EXPECT_EQ(tail.memory_bytes(), before - freed);
    EXPECT_LE(tail.start(), 40'000u);
    EXPECT_EQ(tail.end(), 50'000u);
    byte_vector joined;
    for (const auto& piece : pieces) joined.insert(joined.end(), piece.bytes.begin(), piece.bytes.end());
    EXPECT_EQ(joined, pattern(100, 19'900));
    byte_vector rest(50'000 - tail.start());
    tail.copy(tail.start(), rest);
    EXPECT_EQ(rest, pattern(tail.start(), rest.size()));
}

TEST(segment_tail, a_skipped_hole_is_filled_later) {
    segment_tail tail(4096);
    tail.skip_to(5000);
    tail.append(pattern(5000, 10'000));
    tail.fill(4096, pattern(4096, 904));
    byte_vector all(tail.end() - 4096);
    tail.copy(4096, all);
    EXPECT_EQ(all, pattern(4096, all.size()));
}

struct indexed {
    offset_index index{offset(1000)};
    std::vector<std::pair<offset, std::uint64_t>> batches;  // last offset, position
    std::uint64_t bytes = 0;
};

indexed make_index(int batches) {
    indexed out;
    env::sim_random random(5);
    offset last(999);
    for (int i = 0; i < batches; ++i) {
        const std::size_t size = 100 + random.next() % 3000;
        last = last + static_cast<std::int64_t>(1 + random.next() % 5);
        out.index.add_batch(last, out.bytes, size, timestamp_ms(static_cast<std::int64_t>(i * 10)));
        out.batches.emplace_back(last, out.bytes);
        out.bytes += size;
    }
    return out;
}

void expect_right(const offset_index& index, const indexed& made) {
    for (std::size_t i = 0; i < made.batches.size(); ++i) {
        const auto [last, position] = made.batches[i];
        EXPECT_LE(index.position_before(last), position);
        EXPECT_LE(index.position_before(timestamp_ms(static_cast<std::int64_t>(i * 10))), position);
        EXPECT_LE(index.batch_start_before(position), position);
        // Not further back than an interval and a batch.
        EXPECT_GE(index.position_before(last) + 3 * index_interval_bytes, position);
    }
    EXPECT_EQ(index.max_timestamp_offset(), made.batches.back().first);
}

TEST(offset_index, points_at_or_before_every_batch_also_after_coding) {
    const indexed made = make_index(300);
    expect_right(made.index, made);
    const auto read = offset_index::decode(offset(1000), made.index.encode_offsets(),
                                           made.index.encode_times(), made.bytes);
    ASSERT_TRUE(read);
    expect_right(*read, made);
}

TEST(offset_index, two_parts_joined_are_as_one) {
    const indexed made = make_index(300);
    for (const std::size_t cut : {std::size_t(1), std::size_t(17), std::size_t(150), std::size_t(299)}) {
        offset_index first(offset(1000));
        offset_index second(offset(1000), made.batches[cut].second);
        for (std::size_t i = 0; i < made.batches.size(); ++i) {
            const std::uint64_t end = i + 1 < made.batches.size() ? made.batches[i + 1].second : made.bytes;
            (i < cut ? first : second)
                .add_batch(made.batches[i].first, made.batches[i].second, end - made.batches[i].second,
                           timestamp_ms(static_cast<std::int64_t>(i * 10)));
        }
        first.extend(second);
        expect_right(first, made);
    }
}

TEST(offset_index, hostile_bytes_are_refused_or_harmless) {
    const indexed made = make_index(100);
    const byte_vector offsets = made.index.encode_offsets();
    const byte_vector times = made.index.encode_times();
    env::sim_random random(9);
    for (int i = 0; i < 3000; ++i) {
        byte_vector o = offsets;
        byte_vector t = times;
        byte_vector& hit = random.next() % 2 ? o : t;
        hit[random.next() % hit.size()] = std::byte(random.next());
        if (random.next() % 3 == 0) hit.resize(random.next() % hit.size());
        const auto read = offset_index::decode(offset(1000), o, t, made.bytes);
        if (!read) continue;
        EXPECT_LT(read->position_before(offset(1100)), made.bytes);
        EXPECT_LT(read->position_before(timestamp_ms(500)), made.bytes);
    }
    EXPECT_FALSE(offset_index::decode(offset(0), byte_vector(8 * 2), {}, 4096));  // not in order
    EXPECT_FALSE(offset_index::decode(offset(0), byte_vector(7), {}, 4096));
}

TEST(segment_files, names_and_seals_come_back) {
    EXPECT_EQ(parse_segment_name("00000000000000000092.log"), offset(92));
    for (const char* name :
         {"92.log", "00000000000000000092.index", "0000000000000000009x.log", "-0000000000000000001.log"})
        EXPECT_FALSE(parse_segment_name(name)) << name;
    EXPECT_EQ(parse_tablet_directory_name("a-b-3"), (topic_partition{"a-b", partition_id(3)}));
    for (const char* name : {"a", "a-", "-1", "a--x", "a/b-1", "a-99999999999"})
        EXPECT_FALSE(parse_tablet_directory_name(name)) << name;
    segment_seal seal;
    seal.segment_bytes = 77;
    seal.next = next_offset(9);
    const byte_vector whole = encode_segment_seal(seal);
    EXPECT_EQ(decode_segment_seal(whole)->segment_bytes, 77u);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        byte_vector damaged = whole;
        damaged[bit / 8] ^= std::byte(1u << (bit % 8));
        EXPECT_FALSE(decode_segment_seal(damaged)) << bit;
    }
}

TEST(segment_files, an_index_with_any_bit_flipped_is_refused) {
    env::sim_world world(1);
    env::file_system* files = &world.shard().files;
    ASSERT_TRUE(world.run(files->make_directory("/t")));
    const indexed made = make_index(100);
    ASSERT_TRUE(world.run(write_segment_index(files, "/t", offset(1000), made.bytes, next_offset(5000), &made.index)));
    ASSERT_TRUE(world.run(read_segment_index(files, "/t", offset(1000))));
    for (const char* ending : {"index", "timeindex"}) {
        const std::string path = segment_path("/t", offset(1000), ending);
        const byte_vector whole = *world.disk().contents(path);
        ASSERT_FALSE(whole.empty());
        for (std::size_t at = 0; at <= whole.size(); ++at) {
            byte_vector content = whole;
            if (at < whole.size()) content[at] ^= std::byte(1u << (at % 8));
            ASSERT_TRUE(world.run(replace_file(files, "/t", path.substr(3), content)));
            EXPECT_EQ(world.run(read_segment_index(files, "/t", offset(1000))).has_value(), at == whole.size())
                << path << " byte " << at;
        }
    }
}

class marks : public ::testing::Test {
  protected:
    void append(std::size_t bytes, std::uint64_t group) {
        byte_vector batch = make_test_batch(bytes);
        assign_record_batch(batch.data(), first_not_below(segment.next()), leader_epoch(0));
        segment.append(*read_record_batch_header(batch), batch, journal_sequence(group), timestamp_ms(1));
    }
    void make_durable() { segment.note_durable(segment.end(), segment.next()); }
    live_segment segment{offset(0)};
};

TEST_F(marks, a_group_is_needed_until_its_bytes_are_flushed) {
    append(3000, 10);
    append(3000, 11);
    make_durable();
    EXPECT_EQ(segment.first_needed_sequence(), journal_sequence(10));
    segment.note_written(4096);
    EXPECT_EQ(segment.first_needed_sequence(), journal_sequence(10));  // written is not flushed
    segment.note_flushed(4096);
    EXPECT_EQ(segment.first_needed_sequence(), journal_sequence(11));
    EXPECT_EQ(segment.unwritten_bytes(), 6000u - 4096u);
}

TEST_F(marks, a_copy_takes_the_place_of_what_it_holds_and_of_nothing_behind_it) {
    append(1000, 10);
    append(1000, 12);
    make_durable();
    append(1000, 20);
    segment.note_copied_forward(journal_sequence(15), 2000);
    EXPECT_EQ(segment.first_needed_sequence(), journal_sequence(15));
    append(1000, 20);  // goes on behind
    EXPECT_EQ(segment.end(), 4000u);
}

TEST_F(marks, a_settled_segment_needs_nothing_until_it_is_appended_to) {
    append(5000, 10);
    make_durable();
    segment.note_settled();
    EXPECT_FALSE(segment.needs_journal());
    EXPECT_TRUE(segment.has_settled_block());
    EXPECT_EQ(segment.durable_file_bytes(), 5000u);
    append(100, 30);
    EXPECT_EQ(segment.first_needed_sequence(), journal_sequence(30));
    EXPECT_EQ(segment.unwritten_bytes(), 100u);
    EXPECT_EQ(segment.settled_next(), next_offset(1));
    segment.note_image_durable();
    EXPECT_EQ(segment.durable_file_bytes(), 4096u);
    EXPECT_EQ(segment.unwritten_bytes(), 1004u);
}

TEST_F(marks, a_sealed_segment_gives_all_its_memory_back) {
    append(5000, 10);
    make_durable();
    segment.note_sealed();
    EXPECT_GT(segment.drop_memory_below(segment.end()), 0u);
    EXPECT_EQ(segment.tail().memory_bytes(), 0u);
}

}  // namespace
}  // namespace logstore
