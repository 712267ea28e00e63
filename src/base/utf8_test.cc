#include "base/utf8.h"

#include <gtest/gtest.h>

namespace logstore {
namespace {

TEST(utf8, text_is_told_from_other_bytes_wherever_they_stand) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("plain text that is longer than one word"));
    EXPECT_TRUE(is_utf8("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"));
    for (const std::string_view wrong : {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
        for (std::size_t before = 0; before < 18; ++before) {
            for (const std::size_t after : {0, 1, 9}) {
                const std::string text = std::string(before, 'a') + std::string(wrong) + std::string(after, 'b');
                EXPECT_FALSE(is_utf8(text)) << before << " before, " << after << " after";
            }
        }
    }
}

}  // namespace
}  // namespace logstore
