#include "app/bench/payload.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "env/testing/sim_random.h"
#include "kafka/client/compression.h"

namespace logstore::app::bench {
namespace {

byte_vector value_of(const payload& made, const record_mark& mark) {
    const bytes_view body = made.body(mark.sequence % made.records_per_request());
    byte_vector value(body.begin(), body.end());
    write_mark(value.data(), mark);
    return value;
}

TEST(payload, a_value_tells_which_record_it_is) {
    env::sim_random random(1);
    const payload made(random, 100, 7, false);
    const record_mark mark{0xdeadbeef, 49'999, 0x123456789abcdef};
    const byte_vector value = value_of(made, mark);
    EXPECT_EQ(text_of(value).substr(0, mark_bytes), "deadbeef0000c34f0123456789abcdef");
    EXPECT_EQ(read_mark(value), mark);
    EXPECT_TRUE(made.is_intact(value, mark));
}

TEST(payload, every_changed_byte_is_noticed) {
    env::sim_random random(1);
    const payload made(random, 64, 7, false);
    const record_mark mark{1, 2, 3};
    const byte_vector value = value_of(made, mark);
    for (std::size_t i = 0; i < value.size(); ++i) {
        byte_vector changed = value;
        changed[i] ^= std::byte(1);
        const auto read = read_mark(changed);
        EXPECT_FALSE(read == mark && made.is_intact(changed, mark)) << i;
    }
    EXPECT_FALSE(made.is_intact(bytes_view(value).first(63), mark));
}

TEST(payload, what_is_no_mark_is_none) {
    EXPECT_FALSE(read_mark(bytes_of("")));
    EXPECT_FALSE(read_mark(bytes_of("0123456789abcdef0123456789abcde")));
    EXPECT_FALSE(read_mark(bytes_of("0123456789abcdef0123456789abcdeF")));
    EXPECT_FALSE(read_mark(bytes_of("0123456789abcdef 123456789abcdef")));
    EXPECT_TRUE(read_mark(bytes_of("0123456789abcdef0123456789abcdef")));
}

TEST(payload, values_can_stand_in_json_and_those_of_a_request_differ) {
    env::sim_random random(1);
    const payload made(random, 50, 100, false);
    EXPECT_TRUE(std::ranges::all_of(text_of(made.body(7)), [](char one) {
        return std::isalnum(static_cast<unsigned char>(one)) || one == '-' || one == '_';
    }));
    EXPECT_FALSE(std::ranges::equal(made.body(0), made.body(1)));
    EXPECT_TRUE(std::ranges::equal(made.body(5), made.body(5)));
}

TEST(payload, values_larger_than_the_pool_and_places_beyond_it_are_made) {
    env::sim_random random(1);
    const payload large(random, 3 << 20, 2, false);
    EXPECT_EQ(large.body(1).size(), std::size_t(3) << 20);
    const payload small(random, 100, 1'000'000, false);
    EXPECT_EQ(small.body(999'999).size(), 100u);
}

TEST(payload, a_codec_finds_half_of_a_compressible_value) {
    env::sim_random random(1);
    const payload plain(random, 100'000, 1, false);
    const payload compressible(random, 100'000, 1, true);
    const auto size = [](const payload& of) {
        return kafka::compress_records(compression_codec::lz4, of.body(0)).size();
    };
    EXPECT_GT(size(plain), 90'000u);
    EXPECT_LT(size(compressible), 65'000u);
    EXPECT_GT(size(compressible), 40'000u);
}

}  // namespace
}  // namespace logstore::app::bench
