#include "kafka/client/frame_assembler.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "kafka/protocol/errc.h"

namespace logstore::kafka {
namespace {

byte_vector frame_of(std::size_t bytes, std::uint8_t fill) {
    byte_vector made(frame_prefix_bytes + bytes, std::byte(fill));
    store_big(made.data(), static_cast<std::int32_t>(bytes));
    return made;
}

void append(byte_vector& to, const byte_vector& more) {
    to.insert(to.end(), more.begin(), more.end());
}

/// Feeds `bytes` as a stream would, in pieces of `piece` bytes, into the offered space where there is one.
std::vector<byte_vector> feed(frame_assembler& assembler, bytes_view bytes, std::size_t piece) {
    std::vector<byte_vector> frames;
    while (!bytes.empty()) {
        const std::size_t count = std::min(piece, bytes.size());
        const mutable_bytes space = assembler.space();
        bytes_view received = bytes.first(space.empty() ? count : std::min(count, space.size()));
        bytes = bytes.subspan(received.size());
        if (!space.empty()) {
            std::ranges::copy(received, space.begin());
            received = space.first(received.size());
        }
        assembler.accept(received);
        while (true) {
            auto next = assembler.next();
            EXPECT_TRUE(next.has_value());
            if (!next || !*next) break;
            const auto kept = (*next)->take();
            frames.emplace_back(kept.bytes.begin(), kept.bytes.end());
        }
    }
    return frames;
}

TEST(frame_assembler, frames_come_out_whole_however_the_stream_is_cut) {
    byte_vector stream;
    std::vector<byte_vector> expected;
    for (const std::size_t bytes : {0u, 1u, 5u, 100'000u, 7u, 300'000u, 20'000u, 0u}) {
        const byte_vector frame = frame_of(bytes, static_cast<std::uint8_t>(bytes % 251));
        append(stream, frame);
        expected.emplace_back(frame.begin() + frame_prefix_bytes, frame.end());
    }
    for (const std::size_t piece : {1u, 3u, 4u, 5u, 1000u, 65'536u, 262'144u, 1'000'000u}) {
        frame_assembler assembler(1 << 20);
        EXPECT_EQ(feed(assembler, stream, piece), expected) << "pieces of " << piece;
    }
}

TEST(frame_assembler, a_length_above_the_limit_is_refused_before_memory_is_given) {
    frame_assembler assembler(1000);
    const byte_vector too_long = frame_of(1001, 1);
    assembler.accept(bytes_view(too_long).first(frame_prefix_bytes));
    const auto next = assembler.next();
    ASSERT_FALSE(next.has_value());
    EXPECT_EQ(next.error().code, protocol_errc::too_large);
}

TEST(frame_assembler, a_length_at_the_limit_is_accepted) {
    frame_assembler assembler(1000);
    EXPECT_EQ(feed(assembler, frame_of(1000, 1), 10).size(), 1u);
}

TEST(frame_assembler, a_negative_length_is_refused_also_in_pieces) {
    frame_assembler assembler(1000);
    const byte_vector bytes(4, std::byte(0xff));
    assembler.accept(bytes_view(bytes).first(3));
    ASSERT_TRUE(assembler.next().has_value());
    assembler.accept(bytes_view(bytes).subspan(3));
    const auto next = assembler.next();
    ASSERT_FALSE(next.has_value());
    EXPECT_EQ(next.error().code, protocol_errc::bad_length);
}

TEST(frame_assembler, memory_grows_with_what_arrives_and_not_with_what_is_claimed) {
    frame_assembler assembler(std::size_t(1) << 30);
    byte_vector start(frame_prefix_bytes);
    store_big(start.data(), std::int32_t(1) << 30);
    assembler.accept(start);
    ASSERT_TRUE(assembler.next().has_value());
    EXPECT_LE(assembler.space().size(), 64u * 1024);
}

TEST(frame_assembler, a_frame_that_arrived_whole_is_not_copied) {
    frame_assembler assembler(1000);
    const byte_vector frame = frame_of(10, 3);
    assembler.accept(frame);
    const auto next = assembler.next();
    ASSERT_TRUE(next && *next);
    EXPECT_EQ((*next)->bytes().data(), frame.data() + frame_prefix_bytes);
}

}  // namespace
}  // namespace logstore::kafka
