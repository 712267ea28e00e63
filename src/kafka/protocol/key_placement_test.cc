#include "kafka/protocol/key_placement.h"

#include <gtest/gtest.h>

namespace logstore::kafka {
namespace {

// From Kafka's own tests of its Java client.
TEST(key_placement, murmur2_is_that_of_the_java_client) {
    const std::pair<std::string_view, std::int32_t> known[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (const auto& [text, hash] : known)
        EXPECT_EQ(static_cast<std::int32_t>(murmur2(bytes_of(text))), hash) << text;
}

TEST(key_placement, a_negative_hash_gives_a_partition_all_the_same) {
    EXPECT_EQ(murmur2_partition(bytes_of("21"), 1000), partition_id((-973932308 & 0x7fffffff) % 1000));
    for (int i = 0; i < 1000; ++i) {
        const std::int32_t partition = murmur2_partition(bytes_of(std::to_string(i)), 7).value();
        EXPECT_GE(partition, 0);
        EXPECT_LT(partition, 7);
    }
}

// CRC-32 of "123456789" is the check value that every description of it gives.
TEST(key_placement, crc32_is_the_common_one_and_never_negative) {
    EXPECT_EQ(crc32_partition(bytes_of("123456789"), 0x7fffffff),
              partition_id(static_cast<std::int32_t>(0xCBF43926u % 0x7fffffffu)));
    EXPECT_EQ(crc32_partition(bytes_of("123456789"), 12), partition_id(0xCBF43926u % 12));
}

}  // namespace
}  // namespace logstore::kafka
