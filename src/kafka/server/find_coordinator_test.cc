#include "kafka/protocol/messages/find_coordinator.h"

#include "kafka/server/testing/connection_fixture.h"

namespace logstore::kafka {
namespace {

using namespace kafka::testing;

class find_coordinator : public connection_fixture {};

TEST_F(find_coordinator, there_is_none_and_clients_are_told_so_in_every_version) {
    for (int version = 0; version <= 4; ++version) {
        find_coordinator_request request;
        request.key = "group";
        if (version >= 4) request.keys = {"group", "other"};
        const auto response = ask<find_coordinator_response>(request, version);
        if (version < 4) {
            EXPECT_EQ(response.error, error_code::coordinator_not_available);
            EXPECT_EQ(response.broker, broker_id(-1));
        } else {
            ASSERT_EQ(response.coordinators.size(), 2u);
            EXPECT_EQ(response.coordinators[1].key, "other");
            EXPECT_EQ(response.coordinators[1].error, error_code::coordinator_not_available);
        }
    }
    EXPECT_TRUE(is_retriable(error_code::coordinator_not_available));
}

}  // namespace
}  // namespace logstore::kafka
