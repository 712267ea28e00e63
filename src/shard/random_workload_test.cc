#include "shard/testing/random_workload.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace logstore {
namespace {

/// LOGSTORE_SEED is the first seed, LOGSTORE_SEED_COUNT how many run.
std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

void run_seeds(bool with_retention, bool with_deletion = false) {
    const std::uint64_t first = number_from_environment("LOGSTORE_SEED", 1);
    const std::uint64_t count = number_from_environment("LOGSTORE_SEED_COUNT", 8);
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        workload_options options;
        options.seed = seed;
        options.with_retention = with_retention;
        options.with_deletion = with_deletion;
        ASSERT_EQ(random_workload(options).run(), "");
    }
}

TEST(random_workload, what_was_acknowledged_survives_every_life) { run_seeds(false); }

TEST(random_workload, what_retention_has_not_removed_survives_every_life) { run_seeds(true); }

TEST(random_workload, what_was_deleted_stays_so_and_nothing_else_does) { run_seeds(false, true); }

}  // namespace
}  // namespace logstore
