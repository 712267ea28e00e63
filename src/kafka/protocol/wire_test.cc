#include <limits>

#include <gtest/gtest.h>

#include "kafka/protocol/frame.h"
#include "kafka/protocol/testing/hex.h"
#include "kafka/protocol/wire_reader.h"
#include "kafka/protocol/wire_writer.h"

namespace logstore::kafka {
namespace {

using testing::bytes_from;

TEST(wire, an_unsigned_varint_reads_as_written) {
    for (std::uint32_t value :
         {0u, 1u, 127u, 128u, 300u, 16383u, 16384u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
        byte_vector bytes;
        wire_writer out(bytes);
        out.unsigned_varint(value);
        out.finish();
        EXPECT_EQ(bytes.size(), wire_writer::unsigned_varint_size(value));
        wire_reader in(bytes);
        EXPECT_EQ(in.unsigned_varint(), value);
        EXPECT_FALSE(in.failed());
        EXPECT_EQ(in.remaining(), 0u);
    }
}

TEST(wire, a_signed_varint_reads_as_written) {
    using limits = std::numeric_limits<std::int64_t>;
    for (std::int64_t value : {std::int64_t(0), std::int64_t(-1), std::int64_t(63), std::int64_t(-64),
                               std::int64_t(64), limits::max(), limits::min()}) {
        byte_vector bytes;
        wire_writer out(bytes);
        out.signed_varint(value);
        out.finish();
        EXPECT_EQ(bytes.size(), wire_writer::signed_varint_size(value));
        wire_reader in(bytes);
        EXPECT_EQ(in.signed_varlong(), value);
        EXPECT_FALSE(in.failed());
    }
}

TEST(wire, known_varints_have_their_known_bytes) {
    byte_vector bytes;
    wire_writer out(bytes);
    out.unsigned_varint(300);
    out.signed_varint(-2);
    out.finish();
    EXPECT_EQ(bytes, bytes_from("ac02 03"));
}

TEST(wire, a_varint_of_more_bits_than_its_type_fails) {
    for (const char* text : {"ffffffffff", "8080808010", "808080808001"}) {
        const byte_vector bytes = bytes_from(text);
        wire_reader in(bytes);
        in.unsigned_varint();
        ASSERT_TRUE(in.failed()) << text;
        EXPECT_EQ(in.failure(), protocol_errc::bad_varint) << text;
    }
    const byte_vector bytes = bytes_from("80808080808080808002");
    wire_reader in(bytes);
    in.signed_varlong();
    ASSERT_TRUE(in.failed());
    EXPECT_EQ(in.failure(), protocol_errc::bad_varint);
}

TEST(wire, the_first_failure_sticks) {
    const byte_vector bytes = bytes_from("00 01 02");
    wire_reader in(bytes);
    EXPECT_EQ(in.fixed<std::int8_t>(), 0);
    EXPECT_EQ(in.fixed<std::int32_t>(), 0);
    EXPECT_TRUE(in.failed());
    in.fail(protocol_errc::bad_count);
    EXPECT_EQ(in.failure(), protocol_errc::truncated);
    EXPECT_EQ(in.position(), 1u);
    EXPECT_EQ(in.remaining(), 0u);
    EXPECT_EQ(in.fixed<std::int8_t>(), 0);
}

TEST(wire, a_failure_within_a_restriction_outlives_it) {
    const byte_vector bytes = bytes_from("00 01 02 03 04 05");
    wire_reader in(bytes);
    const auto end = in.restrict_to(1);
    in.fixed<std::int32_t>();
    in.widen_to(end);
    EXPECT_TRUE(in.failed());
    EXPECT_EQ(in.remaining(), 0u);
}

TEST(wire, a_length_is_put_in_front_of_what_it_counts) {
    byte_vector bytes = bytes_from("01 02");
    wire_writer out(bytes);
    const std::size_t start = out.size();
    for (int i = 0; i < 200; ++i) out.fixed(std::int8_t(7));
    out.insert_length(start);
    out.finish();
    ASSERT_EQ(bytes.size(), 2u + 2u + 200u);
    EXPECT_EQ(byte_vector(bytes.begin(), bytes.begin() + 5), bytes_from("01 02 c801 07"));
}

TEST(frame, its_length_is_known_once_four_bytes_are_there) {
    const byte_vector bytes = bytes_from("00000102 ff");
    for (std::size_t count = 0; count < 4; ++count) {
        const auto length = frame_length(bytes_view(bytes).first(count));
        ASSERT_TRUE(length);
        EXPECT_FALSE(length->has_value());
    }
    EXPECT_EQ(frame_length(bytes).value().value(), 0x102u);
}

TEST(frame, above_the_limit_is_refused) {
    const byte_vector bytes = bytes_from("00000011");
    EXPECT_TRUE(frame_length(bytes, 17));
    const auto refused = frame_length(bytes, 16);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, protocol_errc::too_large);
}

TEST(frame, of_negative_length_is_refused) {
    const auto refused = frame_length(bytes_from("ffffffff"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, protocol_errc::bad_length);
}

}  // namespace
}  // namespace logstore::kafka
