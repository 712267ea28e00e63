#include "config/option.h"

#include <array>

#include <gtest/gtest.h>

#include "config/errc.h"
#include "config/nearest_name.h"
#include "config/quantity.h"

namespace logstore::config {
namespace {

constexpr std::array<std::string_view, 2> colours{"red", "green"};
constexpr option size_option{.name = "cache.size",
                             .meaning = "A size.",
                             .default_value = std::int64_t(8192),
                             .counts = unit::bytes,
                             .min = 4096,
                             .max = 1 << 20,
                             .multiple_of = 4096};
constexpr option colour_option{
    .name = "colour", .meaning = "A colour.", .default_value = std::string_view("green"), .choices = colours};
constexpr option switch_option{.name = "on", .meaning = "A switch.", .default_value = true};
constexpr option text_option{.name = "path", .meaning = "A path.", .default_value = std::string_view("here")};

TEST(quantity, numbers_carry_the_suffixes_of_their_unit) {
    EXPECT_EQ(parse_quantity(unit::bytes, "64MiB"), 64 << 20);
    EXPECT_EQ(parse_quantity(unit::bytes, "2 GiB"), std::int64_t(2) << 30);
    EXPECT_EQ(parse_quantity(unit::bytes, "17"), 17);
    EXPECT_EQ(parse_quantity(unit::milliseconds, "10s"), 10'000);
    EXPECT_EQ(parse_quantity(unit::milliseconds, "7 d"), 604'800'000);
    EXPECT_EQ(parse_quantity(unit::milliseconds, "-1"), -1);
    EXPECT_EQ(parse_quantity(unit::none, "5"), 5);
}

TEST(quantity, anything_else_is_no_number) {
    for (std::string_view text : {"", " 5", "5 ", "MiB", "1.5GiB", "1MB", "1s", "5  KiB", "0x10",
                                  "9223372036854775808", "9999999999TiB"}) {
        EXPECT_EQ(parse_quantity(unit::bytes, text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_quantity(unit::none, "5s"), std::nullopt);
    EXPECT_EQ(parse_quantity(unit::milliseconds, "1MiB"), std::nullopt);
}

TEST(quantity, a_readable_number_reads_back_as_itself) {
    for (std::int64_t n :
         {std::int64_t(0), std::int64_t(1), std::int64_t(1000), std::int64_t(1024), std::int64_t(1'048'588),
          std::int64_t(604'800'000), std::int64_t(-1), std::numeric_limits<std::int64_t>::max()}) {
        for (unit counts : {unit::none, unit::bytes, unit::milliseconds}) {
            EXPECT_EQ(parse_quantity(counts, readable_number(counts, n)), n) << readable_number(counts, n);
        }
    }
    EXPECT_EQ(readable_number(unit::bytes, 64 << 20), "64 MiB");
    EXPECT_EQ(readable_number(unit::milliseconds, 5000), "5 s");
}

TEST(option, a_number_outside_its_bounds_is_refused_with_the_bounds) {
    EXPECT_EQ(accept_value(size_option, std::int64_t(4096)), option_value(std::int64_t(4096)));
    EXPECT_EQ(accept_value(size_option, std::int64_t(1 << 20)), option_value(std::int64_t(1 << 20)));
    for (std::int64_t bad :
         {std::int64_t(0), std::int64_t(4095), std::int64_t(4097), std::int64_t((1 << 20) + 4096)}) {
        const auto refused = accept_value(size_option, bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code, errc::invalid_configuration);
        EXPECT_EQ(refused.error().detail, "cache.size is " + std::to_string(bad) +
                                              ", but must be 4 KiB to 1 MiB, a multiple of 4096");
    }
}

TEST(option, text_becomes_the_kind_of_the_option) {
    EXPECT_EQ(accept_value(size_option, std::string("8KiB")), option_value(std::int64_t(8192)));
    EXPECT_EQ(accept_value(switch_option, std::string("false")), option_value(false));
    EXPECT_EQ(accept_value(colour_option, std::string("red")), option_value(std::int64_t(0)));
    EXPECT_EQ(accept_value(text_option, std::string("a b")), option_value(std::string("a b")));
}

TEST(option, a_value_of_the_wrong_kind_is_refused) {
    EXPECT_FALSE(accept_value(size_option, true));
    EXPECT_FALSE(accept_value(size_option, std::string("much")));
    EXPECT_FALSE(accept_value(switch_option, std::int64_t(1)));
    EXPECT_FALSE(accept_value(switch_option, std::string("yes")));
    EXPECT_FALSE(accept_value(colour_option, std::int64_t(0)));
    EXPECT_FALSE(accept_value(colour_option, std::string("blue")));
    EXPECT_FALSE(accept_value(text_option, std::int64_t(0)));
    EXPECT_FALSE(accept_value(text_option, std::string("line\nbreak")));
}

TEST(option, is_rendered_as_toml) {
    EXPECT_EQ(render_value(size_option, std::int64_t(8192)), "8192");
    EXPECT_EQ(render_value(switch_option, true), "true");
    EXPECT_EQ(render_value(colour_option, colour_option.initial()), "\"green\"");
    EXPECT_EQ(render_value(text_option, std::string("a\"b\\c")), "\"a\\\"b\\\\c\"");
}

TEST(nearest_name, finds_the_fewest_edits_and_gives_up_when_nothing_is_near) {
    const std::vector<std::string_view> known{"kafka.listen", "storage.journal_files", "shards"};
    EXPECT_EQ(nearest_name("kafka.lisen", known), "kafka.listen");
    EXPECT_EQ(nearest_name("shard", known), "shards");
    EXPECT_EQ(nearest_name("journal_files", known), "storage.journal_files");
    EXPECT_EQ(nearest_name("zzz", known), "");
    EXPECT_EQ(nearest_name("", known), "");
    EXPECT_EQ(nearest_name(std::string(100'000, 'x'), known), "");
}

}  // namespace
}  // namespace logstore::config
