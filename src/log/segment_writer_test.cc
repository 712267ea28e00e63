// Segments on their way into files while appends go on.
#include "log/segment_writer.h"

#include <gtest/gtest.h>

#include "log/testing/log_rig.h"

namespace logstore {
namespace {

void expect_all(log_rig& rig) {
    log_reader reader(rig.context());
    for (const auto& [base, bytes] : rig.expected) {
        const auto views = rig.world.run(rig.log().views_from(offset(base)));
        ASSERT_TRUE(views && !views->empty());
        const auto run = rig.world.run(reader.read_from(views->front(), offset(base), std::nullopt, bytes.size(), true));
        ASSERT_TRUE(run && *run) << base;
        byte_vector got;
        for (const auto& piece : (**run).found.pieces) got.insert(got.end(), piece.bytes.begin(), piece.bytes.end());
        EXPECT_EQ(got, bytes) << base;
    }
}

env::sim_disk_predicate writes_from(std::uint64_t position) {
    return [position](const env::sim_disk_operation& operation) {
        return operation.kind == env::sim_disk_operation_kind::write && operation.path.ends_with(".log") &&
               operation.position >= position;
    };
}

// The last block was taken to be all that was left, whatever had come: a copy beyond a block's end stopped the server.
TEST(segment_writer, settling_leaves_a_segment_for_another_time_that_grew_by_blocks_meanwhile) {
    for (const std::size_t grown : {100, 4096, 9000, 70'000}) {
        SCOPED_TRACE(grown);
        log_rig rig(7);
        rig.tail_cache_bytes = 0;
        rig.open();
        rig.append(leader_epoch(1), 5000);
        rig.world.disk().hold(writes_from(0));
        auto settling = rig.world.start(rig.log().settle());
        rig.world.advance(std::chrono::milliseconds(50));
        rig.append(leader_epoch(1), 9000);
        rig.world.disk().release();
        // The blocks that came are written in settling itself.
        rig.world.disk().hold(writes_from(4096));
        rig.world.advance(std::chrono::milliseconds(50));
        ASSERT_FALSE(settling.done());
        rig.append(leader_epoch(1), grown);
        rig.world.disk().release();
        rig.world.run_until([&] { return settling.done(); });
        expect_all(rig);
        EXPECT_TRUE(rig.log().first_needed_sequence()) << "the journal still holds what came";
        ASSERT_TRUE(rig.world.run(rig.log().settle()));
        EXPECT_FALSE(rig.log().first_needed_sequence());
        expect_all(rig);
        rig.close();
        rig.open();
        expect_all(rig);
        rig.close();
    }
}

}  // namespace
}  // namespace logstore
