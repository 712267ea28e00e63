#include "http/body_reader.h"

#include <gtest/gtest.h>

namespace logstore::http {
namespace {

class body_reader_test : public ::testing::Test {
  protected:
    std::string refusal_of_append(std::string_view body) {
        const auto read = reader.read_append(bytes_of(body));
        return read ? "accepted" : std::string(read.error().code) + ": " + read.error().message;
    }
    std::string refusal_of_records(std::string_view body) {
        const auto read = reader.read_records(bytes_of(body));
        return read ? "accepted" : std::string(read.error().code) + ": " + read.error().message;
    }

    body_reader reader;
};

TEST_F(body_reader_test, a_record_is_what_its_fields_say) {
    const auto read = reader.read_append(
        bytes_of(R"({"key":"k","value":"w\u00e4\ud83d\ude00","topic":"t","partition":3,"timestamp":5,)"
                 R"("headers":[{"value":null,"key":"h"}]})"));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    const posted_records& found = **read;
    ASSERT_EQ(found.records.size(), 1u);
    const posted_record& one = found.records[0];
    EXPECT_EQ(found.topic, "t");
    EXPECT_EQ(text_of(*one.key), "k");
    EXPECT_EQ(text_of(*one.value), "w\xc3\xa4\xf0\x9f\x98\x80");
    EXPECT_EQ(one.partition, 3);
    EXPECT_EQ(one.timestamp, timestamp_ms(5));
    ASSERT_EQ(one.header_count, 1u);
    EXPECT_EQ(found.headers[0].key, "h");
    EXPECT_EQ(found.headers[0].value, std::nullopt);
}

TEST_F(body_reader_test, null_is_a_value_and_no_value_is_none) {
    const auto read = reader.read_append(bytes_of(R"({"value":null})"));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ((*read)->records[0].value, std::nullopt);
    EXPECT_EQ((*read)->records[0].key, std::nullopt);
    EXPECT_EQ(refusal_of_append(R"({"key":"k"})"), "invalid_body: value is missing; null is a value, too");
}

TEST_F(body_reader_test, base64_counts_wherever_it_is_announced) {
    const auto read = reader.read_append(bytes_of(R"({"key":"AP8=","value":"","encoding":"base64"})"));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ((*read)->records[0].key->size(), 2u);
    EXPECT_EQ((*read)->records[0].value->size(), 0u);
    EXPECT_EQ(refusal_of_append(R"({"key":"AP8","value":"","encoding":"base64"})"),
              "invalid_body: key is not base64");
}

TEST_F(body_reader_test, what_is_wrong_is_named) {
    EXPECT_EQ(refusal_of_append(R"({"value":1})"), "invalid_body: value must be a string");
    EXPECT_EQ(refusal_of_append(R"({"value":"","vaule":""})"),
              "invalid_body: there is no field vaule; docs/http.md lists what there is");
    EXPECT_EQ(refusal_of_append(R"({"value":"","partition":-1})"),
              "invalid_body: partition must be a whole number from 0 to 2147483647");
    EXPECT_TRUE(refusal_of_append(R"({"value":"","topic":""})").starts_with("invalid_topic_name"));
    EXPECT_EQ(refusal_of_append("[]"), "invalid_body: the body must be a JSON object");
    EXPECT_EQ(refusal_of_append(R"({"value":"","encoding":"hex"})"),
              "invalid_body: encoding must be \"text\" or \"base64\"");
    EXPECT_EQ(refusal_of_records(R"({"records":[{"value":""},{"value":7}]})"),
              "invalid_body: records[1].value must be a string");
    EXPECT_EQ(refusal_of_records(R"({"records":[]})"),
              "invalid_body: records must be a list of at least one record");
    EXPECT_EQ(refusal_of_records(R"({})"), "invalid_body: records must be a list of at least one record");
    EXPECT_EQ(refusal_of_records(R"({"records":[{"value":"","headers":[{"key":"a"}]}]})").substr(0, 40),
              "invalid_body: records[0].headers must be");
}

TEST_F(body_reader_test, what_is_no_json_or_no_text_is_refused) {
    for (const std::string_view wrong :
         {"", "{", "{}x", R"({"value":"a)", R"({"value":'a'})", R"({"value":"\x"})", R"({"value":"\ud800"})",
          R"({"value":"a",})", "{\"value\":\"a\nb\"}", R"({"value":NaN})", "\xef\xbb\xbf{\"value\":\"\"}",
          "nul", R"({"value":01})"}) {
        EXPECT_TRUE(refusal_of_append(wrong).starts_with("invalid_body: the body is not JSON")) << wrong;
    }
    EXPECT_TRUE(refusal_of_append("{\"value\":\"\xff\"}").starts_with("invalid_body: the body is not UTF-8"));
    EXPECT_EQ(refusal_of_append("{\"value\":" + std::string(1000, '[')),
              "invalid_body: the body is nested too deeply");
}

TEST_F(body_reader_test, memory_for_one_body_is_limited_by_its_size) {
    // Two bytes each, and many times that when understood.
    std::string many = R"({"records":[)";
    for (int i = 0; i < 300'000; ++i) many += "{},";
    many += "{}]}";
    const std::string refusal = refusal_of_records(many);
    EXPECT_TRUE(refusal.starts_with("body_too_complex") || refusal.starts_with("invalid_body: records[0]"))
        << refusal;
    // As small as records can be.
    std::string small = R"({"records":[{"value":""})";
    for (int i = 0; i < 100'000; ++i) small += R"(,{"value":""})";
    EXPECT_EQ(refusal_of_records(small + "]}"), "accepted");
    EXPECT_EQ(refusal_of_append(R"({"value":"after it"})"), "accepted");
}

TEST_F(body_reader_test, topics_are_read_with_and_without_a_body) {
    EXPECT_TRUE(reader.read_topic({}, false).has_value());
    EXPECT_FALSE(reader.read_topic({}, true).has_value());
    const auto topic =
        reader.read_topic(bytes_of(R"({"name":"t","partitions":2,"configs":{"retention.ms":"1"}})"), true);
    ASSERT_TRUE(topic.has_value());
    EXPECT_EQ(topic->name, "t");
    EXPECT_EQ(topic->partitions, 2);
    EXPECT_EQ(topic->configs.at("retention.ms"), "1");
    EXPECT_FALSE(reader.read_topic(bytes_of(R"({"name":"t"})"), false).has_value());
    EXPECT_FALSE(reader.read_topic(bytes_of(R"({"configs":{"retention.ms":1}})"), false).has_value());
}

}  // namespace
}  // namespace logstore::http
