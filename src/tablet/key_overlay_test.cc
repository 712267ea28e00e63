#include "tablet/key_overlay.h"

#include <gtest/gtest.h>

#include "kafka/protocol/record.h"

namespace logstore {
namespace {

byte_vector batch_of(std::initializer_list<std::pair<std::string_view, std::string_view>> records) {
    kafka::record_batch_builder builder;
    for (const auto& [key, value] : records) {
        std::optional<bytes_view> given;
        if (!value.empty()) given = bytes_of(value);
        builder.append(timestamp_ms(1), bytes_of(key), given);
    }
    return builder.finish();
}

TEST(key_overlay, knows_the_latest_record_of_each_key_by_its_place_in_the_log) {
    key_overlay overlay;
    overlay.note(batch_of({{"a", "1"}, {"b", "2"}}), offset(10));
    overlay.note(batch_of({{"a", "3"}, {"b", ""}}), offset(12));
    ASSERT_NE(overlay.find(bytes_of("a")), nullptr);
    EXPECT_EQ(overlay.find(bytes_of("a"))->at, offset(12));
    EXPECT_EQ(text_of(kv::stored_record::read(overlay.find(bytes_of("a"))->stored)->value), "3");
    EXPECT_FALSE(overlay.find(bytes_of("b"))->has_value);
    EXPECT_EQ(overlay.find(bytes_of("c")), nullptr);
}

TEST(key_overlay, forgets_what_is_in_the_view_and_keeps_what_is_not) {
    key_overlay overlay;
    overlay.note(batch_of({{"a", "1"}, {"b", "2"}}), offset(10));
    overlay.note(batch_of({{"a", "3"}}), offset(12));
    overlay.forget_below(next_offset(12));
    EXPECT_EQ(overlay.find(bytes_of("b")), nullptr);
    EXPECT_EQ(overlay.find(bytes_of("a"))->at, offset(12));
    overlay.forget_below(next_offset(13));
    EXPECT_TRUE(overlay.is_empty());
}

// The limit on its memory is as good as this count.
TEST(key_overlay, counts_its_bytes_up_and_down) {
    key_overlay overlay;
    for (int i = 0; i < 1000; ++i) {
        const std::string key = std::to_string(i % 10);
        overlay.note(batch_of({{key, std::string_view("a value").substr(0, static_cast<std::size_t>(1 + i % 7))}}), offset(i));
    }
    EXPECT_GT(overlay.bytes(), 1000u);
    overlay.forget_below(next_offset(990));
    EXPECT_GT(overlay.bytes(), 0u);
    overlay.forget_below(next_offset(1000));
    EXPECT_EQ(overlay.bytes(), 0u);
}

}  // namespace
}  // namespace logstore
