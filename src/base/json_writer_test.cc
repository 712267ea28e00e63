#include "base/json_writer.h"

#include <gtest/gtest.h>

namespace logstore {
namespace {

std::string quoted(std::string_view text) {
    return json_writer().text(text).finish();
}

TEST(json_writer, values_are_separated_and_nested) {
    json_writer json;
    json.begin_object().field("name", "a").field("count", 3).field("ok", true).key("list").begin_list();
    json.number(-1).null().begin_object().end_object().end_list().field("share", 0.25).end_object();
    EXPECT_EQ(json.finish(),
              "{\"name\":\"a\",\"count\":3,\"ok\":true,\"list\":[-1,null,{}],\"share\":0.25}\n");
}

TEST(json_writer, what_json_cannot_hold_is_escaped) {
    EXPECT_EQ(quoted("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\u000a\\u0001\"\n");
    EXPECT_EQ(quoted("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
              "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"\n");
}

TEST(json_writer, bytes_that_are_not_utf_8_are_replaced) {
    EXPECT_EQ(quoted("a\xff"
                     "b"),
              "\"a\\ufffdb\"\n");
    EXPECT_EQ(quoted("\xc3"), "\"\\ufffd\"\n");
    EXPECT_EQ(quoted("\xc0\xaf"), "\"\\ufffd\\ufffd\"\n");             // overlong
    EXPECT_EQ(quoted("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"\n");  // surrogate
    EXPECT_EQ(quoted("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"\n");
}

}  // namespace
}  // namespace logstore
