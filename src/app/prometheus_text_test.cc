#include "app/prometheus_text.h"

#include <gtest/gtest.h>

namespace logstore::app {
namespace {

TEST(prometheus_text, a_family_says_what_it_is_before_its_samples) {
    prometheus_text text;
    text.counter("a_bytes_total", "Bytes of a.");
    text.sample("", 7);
    text.sample(label("shard", 1), ~std::uint64_t(0));
    text.gauge("b", "How b it is.");
    EXPECT_EQ(text.finish(),
              "# HELP a_bytes_total Bytes of a.\n# TYPE a_bytes_total counter\na_bytes_total 7\n"
              "a_bytes_total{shard=\"1\"} 18446744073709551615\n# HELP b How b it is.\n# TYPE b gauge\n");
}

TEST(prometheus_text, times_are_exact_seconds) {
    prometheus_text text;
    text.gauge("t_seconds", "Time.");
    text.seconds("", 0);
    text.seconds("", 1);
    text.seconds("", 1'500'000'000);
    text.seconds(label("api", "Fetch"), 61'000'000'010);
    const std::string out = text.finish();
    EXPECT_NE(out.find("t_seconds 0\nt_seconds 0.000000001\nt_seconds 1.5\nt_seconds{api=\"Fetch\"} 61.00000001\n"),
              std::string::npos)
        << out;
}

TEST(prometheus_text, buckets_of_a_histogram_add_up) {
    histogram<3, 1> values;
    for (const int value : {1, 9, 12, 17}) values.observe(static_cast<std::uint64_t>(value));
    prometheus_text text;
    text.histograms("h", "Sizes.");
    text.sample(label("shard", 0), values);
    text.sample("", values, 2);
    EXPECT_EQ(text.finish(),
              "# HELP h Sizes.\n# TYPE h histogram\n"
              "h_bucket{shard=\"0\",le=\"8\"} 1\nh_bucket{shard=\"0\",le=\"12\"} 3\n"
              "h_bucket{shard=\"0\",le=\"16\"} 3\nh_bucket{shard=\"0\",le=\"+Inf\"} 4\n"
              "h_sum{shard=\"0\"} 39\nh_count{shard=\"0\"} 4\n"
              "h_bucket{le=\"8\"} 1\nh_bucket{le=\"16\"} 3\nh_bucket{le=\"+Inf\"} 4\nh_sum 39\nh_count 4\n");
}

}  // namespace
}  // namespace logstore::app
