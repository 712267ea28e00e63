// A folder of files, and `logstore inspect` on them.
#pragma once

#include <gtest/gtest.h>

#include "app/inspect.h"
#include "app/testing/recorded_console.h"
#include "app/testing/scratch_folder.h"
#include "kafka/client/testing/run_on_host.h"

namespace logstore::app::testing {

struct inspect_fixture : ::testing::Test {
    struct outcome {
        exit_code code{};
        std::string printed;
        std::string said;
    };

    scratch_folder folder;

    static outcome inspect(stored_format format, const std::string& path, bool json = false) {
        outcome kept;
        kafka::testing::run_on_host(
            [&](env::environment world) { return keep(world, {format, path, json}, &kept); });
        return kept;
    }

  private:
    static env::task<void> keep(env::environment world, inspect_command asked, outcome* kept) {
        recorded_console out;
        kept->code = co_await run_inspect(world, &out, std::move(asked));
        kept->printed = out.printed;
        kept->said = out.said;
    }
};

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

}  // namespace logstore::app::testing
