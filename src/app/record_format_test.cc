#include "app/record_format.h"

#include <gtest/gtest.h>

#include "kafka/client/record_block.h"

namespace logstore::app {
namespace {

const topic_partition events_3{"events", partition_id(3)};

struct sample {
    std::optional<std::string> key, value;
    std::vector<kafka::record_header> headers;
};

/// As it comes out of a batch.
std::string written(const record_format& format, const sample& what) {
    const auto view = [](const std::optional<std::string>& text) {
        return text ? std::optional(bytes_of(*text)) : std::nullopt;
    };
    kafka::record_batch_builder builder;
    builder.append(timestamp_ms(1234), view(what.key), view(what.value), what.headers);
    byte_vector batch = builder.finish();
    assign_record_batch(batch.data(), offset(77), leader_epoch(1));
    const auto block = kafka::record_block::read(std::make_shared<const topic_partition>(events_3), batch,
                                                 nullptr, offset(0), 1 << 20);
    std::string out;
    block.value().for_each([&](const kafka::consumed_record& one) {
        format.append(out, events_3, one);
        return true;
    });
    return out;
}

std::string written(std::string_view format, const sample& what) {
    return written(record_format::parse(format).value(), what);
}

TEST(record_format, a_pattern_has_every_field) {
    const sample full{"k", "value", {{"a", bytes_of("1")}, {"b", std::nullopt}}};
    EXPECT_EQ(written(R"(%t %p %o %k %v %T %h %K %V %%\t\\\x41\n)", full),
              "events 3 77 k value 1234 a=1,b= 1 5 %\t\\A\n");
    EXPECT_EQ(written("value", full), "value\n");
    EXPECT_EQ(written("%v\\0", full), std::string("value\0", 6));
}

TEST(record_format, null_is_nothing_or_the_text_that_was_chosen) {
    record_format format = record_format::parse("[%k][%v] %K %V").value();
    EXPECT_EQ(written(format, {}), "[][] -1 -1");
    format.null_text = "NULL";
    EXPECT_EQ(written(format, {}), "[NULL][NULL] -1 -1");
    EXPECT_EQ(written(format, {"", "", {}}), "[][] 0 0");
}

TEST(record_format, json_is_an_object_a_line_and_keeps_every_byte) {
    EXPECT_EQ(
        written("json", {"k", "a\"b\n", {{"h", bytes_of("x")}}}),
        R"({"topic":"events","partition":3,"offset":77,"timestamp":1234,"key":"k","value":"a\"b\u000a",)"
        R"("headers":[{"key":"h","value":"x"}]})"
        "\n");
    const std::string binary(
        "\xff\x00\x01"
        "a",
        4);
    EXPECT_NE(written("json", {std::nullopt, binary, {}}).find(R"("value":"/wABYQ==","value_encoding":"base64")"),
              std::string::npos);
    EXPECT_NE(written("json", {std::nullopt, binary.substr(0, 3), {}}).find(R"("/wAB")"), std::string::npos);
}

TEST(record_format, what_is_no_format_is_refused_with_a_reason) {
    for (const char* wrong : {"", "%", "%s", "\\", "\\q", "\\x4", "\\xgg", "%v\\"})
        EXPECT_FALSE(record_format::parse(wrong).has_value()) << wrong;
    EXPECT_NE(record_format::parse("%s").error().find("'%s' is no field"), std::string::npos);
}

}  // namespace
}  // namespace logstore::app
