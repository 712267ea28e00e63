#include "base/crc32c.h"

#include <gtest/gtest.h>

namespace logstore {
namespace {

TEST(crc32c, equals_the_check_value_of_the_catalogue) {
    EXPECT_EQ(crc32c(bytes_of("123456789")), 0xE3069283u);
}

TEST(crc32c, of_nothing_is_zero) { EXPECT_EQ(crc32c({}), 0u); }

TEST(crc32c, continues_over_pieces_as_over_the_whole) {
    const std::string_view text = "the quick brown fox jumps over the lazy dog";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const std::uint32_t first = crc32c(bytes_of(text.substr(0, cut)));
        EXPECT_EQ(crc32c(bytes_of(text.substr(cut)), first), crc32c(bytes_of(text))) << cut;
    }
}

}  // namespace
}  // namespace logstore
