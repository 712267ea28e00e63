// Which APIs this codec speaks, in which versions, and from which version each is flexible. One line an API:
// adding a message is one file in messages/, its line in messages/all.h, and the versions in its line here.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "kafka/protocol/api_key.h"

namespace logstore::kafka {

struct api_info {
    static constexpr std::int16_t none = -1;
    static constexpr std::int16_t never = 0x7fff;

    api_key key{};
    std::string_view name;
    /// From here on strings, lists and headers are in the compact form with tagged fields.
    std::int16_t first_flexible = never;
    /// What ApiVersions says; `none` = the API is not offered.
    std::int16_t advertised_min = none;
    std::int16_t advertised_max = none;
    /// The lowest version that is decoded. Above advertised_min where clients ask for a version to be offered
    /// that they never use: librdkafka up to 2.11.0 compresses only when Produce 0 is offered.
    std::int16_t served_min = none;

    constexpr bool is_offered() const { return advertised_max != none; }
    constexpr bool serves(api_version v) const {
        return is_offered() && v >= served_min && v <= advertised_max;
    }
    constexpr bool is_flexible(api_version v) const { return v >= first_flexible; }
};

/// Indexed by key.
inline constexpr std::array api_table{
    api_info{api_key::produce, "Produce", 9, 0, 10, 3},
    api_info{api_key::fetch, "Fetch", 12, 4, 12, 4},
    api_info{api_key::list_offsets, "ListOffsets", 6, 1, 8, 1},
    api_info{api_key::metadata, "Metadata", 9, 0, 12, 0},
    api_info{api_key::leader_and_isr, "LeaderAndIsr", 4},
    api_info{api_key::stop_replica, "StopReplica", 2},
    api_info{api_key::update_metadata, "UpdateMetadata", 6},
    api_info{api_key::controlled_shutdown, "ControlledShutdown", 3},
    api_info{api_key::offset_commit, "OffsetCommit", 8},
    api_info{api_key::offset_fetch, "OffsetFetch", 6},
    api_info{api_key::find_coordinator, "FindCoordinator", 3, 0, 4, 0},
    api_info{api_key::join_group, "JoinGroup", 6},
    api_info{api_key::heartbeat, "Heartbeat", 4},
    api_info{api_key::leave_group, "LeaveGroup", 4},
    api_info{api_key::sync_group, "SyncGroup", 4},
    api_info{api_key::describe_groups, "DescribeGroups", 5},
    api_info{api_key::list_groups, "ListGroups", 3},
    api_info{api_key::sasl_handshake, "SaslHandshake", api_info::never},
    api_info{api_key::api_versions, "ApiVersions", 3, 0, 4, 0},
    api_info{api_key::create_topics, "CreateTopics", 5, 2, 7, 2},
    api_info{api_key::delete_topics, "DeleteTopics", 4, 1, 6, 1},
    api_info{api_key::delete_records, "DeleteRecords", 2, 0, 2, 0},
    api_info{api_key::init_producer_id, "InitProducerId", 2},
    api_info{api_key::offset_for_leader_epoch, "OffsetForLeaderEpoch", 4, 2, 4, 2},
    api_info{api_key::add_partitions_to_txn, "AddPartitionsToTxn", 3},
    api_info{api_key::add_offsets_to_txn, "AddOffsetsToTxn", 3},
    api_info{api_key::end_txn, "EndTxn", 3},
    api_info{api_key::write_txn_markers, "WriteTxnMarkers", 1},
    api_info{api_key::txn_offset_commit, "TxnOffsetCommit", 3},
    api_info{api_key::describe_acls, "DescribeAcls", 2},
    api_info{api_key::create_acls, "CreateAcls", 2},
    api_info{api_key::delete_acls, "DeleteAcls", 2},
    api_info{api_key::describe_configs, "DescribeConfigs", 4, 1, 4, 1},
    api_info{api_key::alter_configs, "AlterConfigs", 2},
    api_info{api_key::alter_replica_log_dirs, "AlterReplicaLogDirs", 2},
    api_info{api_key::describe_log_dirs, "DescribeLogDirs", 2, 1, 4, 1},
    api_info{api_key::sasl_authenticate, "SaslAuthenticate", 2},
    api_info{api_key::create_partitions, "CreatePartitions", 2, 0, 3, 0},
    api_info{api_key::create_delegation_token, "CreateDelegationToken", 2},
    api_info{api_key::renew_delegation_token, "RenewDelegationToken", 2},
    api_info{api_key::expire_delegation_token, "ExpireDelegationToken", 2},
    api_info{api_key::describe_delegation_token, "DescribeDelegationToken", 2},
    api_info{api_key::delete_groups, "DeleteGroups", 2},
    api_info{api_key::elect_leaders, "ElectLeaders", 2},
    api_info{api_key::incremental_alter_configs, "IncrementalAlterConfigs", 1},
    api_info{api_key::alter_partition_reassignments, "AlterPartitionReassignments", 0},
    api_info{api_key::list_partition_reassignments, "ListPartitionReassignments", 0},
    api_info{api_key::offset_delete, "OffsetDelete", api_info::never},
    api_info{api_key::describe_client_quotas, "DescribeClientQuotas", 1},
    api_info{api_key::alter_client_quotas, "AlterClientQuotas", 1},
    api_info{api_key::describe_user_scram_credentials, "DescribeUserScramCredentials", 0},
    api_info{api_key::alter_user_scram_credentials, "AlterUserScramCredentials", 0},
    api_info{api_key::vote, "Vote", 0},
    api_info{api_key::begin_quorum_epoch, "BeginQuorumEpoch", 1},
    api_info{api_key::end_quorum_epoch, "EndQuorumEpoch", 1},
    api_info{api_key::describe_quorum, "DescribeQuorum", 0},
    api_info{api_key::alter_partition, "AlterPartition", 0},
    api_info{api_key::update_features, "UpdateFeatures", 0},
    api_info{api_key::envelope, "Envelope", 0},
    api_info{api_key::fetch_snapshot, "FetchSnapshot", 0},
    api_info{api_key::describe_cluster, "DescribeCluster", 0, 0, 1, 0},
    api_info{api_key::describe_producers, "DescribeProducers", 0},
    api_info{api_key::broker_registration, "BrokerRegistration", 0},
    api_info{api_key::broker_heartbeat, "BrokerHeartbeat", 0},
    api_info{api_key::unregister_broker, "UnregisterBroker", 0},
    api_info{api_key::describe_transactions, "DescribeTransactions", 0},
    api_info{api_key::list_transactions, "ListTransactions", 0},
    api_info{api_key::allocate_producer_ids, "AllocateProducerIds", 0},
    api_info{api_key::consumer_group_heartbeat, "ConsumerGroupHeartbeat", 0},
    api_info{api_key::consumer_group_describe, "ConsumerGroupDescribe", 0},
    api_info{api_key::controller_registration, "ControllerRegistration", 0},
    api_info{api_key::get_telemetry_subscriptions, "GetTelemetrySubscriptions", 0},
    api_info{api_key::push_telemetry, "PushTelemetry", 0},
    api_info{api_key::assign_replicas_to_dirs, "AssignReplicasToDirs", 0},
    api_info{api_key::list_config_resources, "ListConfigResources", 0},
    api_info{api_key::describe_topic_partitions, "DescribeTopicPartitions", 0},
    api_info{api_key::share_group_heartbeat, "ShareGroupHeartbeat", 0},
    api_info{api_key::share_group_describe, "ShareGroupDescribe", 0},
    api_info{api_key::share_fetch, "ShareFetch", 0},
    api_info{api_key::share_acknowledge, "ShareAcknowledge", 0},
    api_info{api_key::add_raft_voter, "AddRaftVoter", 0},
    api_info{api_key::remove_raft_voter, "RemoveRaftVoter", 0},
    api_info{api_key::update_raft_voter, "UpdateRaftVoter", 0},
    api_info{api_key::initialize_share_group_state, "InitializeShareGroupState", 0},
    api_info{api_key::read_share_group_state, "ReadShareGroupState", 0},
    api_info{api_key::write_share_group_state, "WriteShareGroupState", 0},
    api_info{api_key::delete_share_group_state, "DeleteShareGroupState", 0},
    api_info{api_key::read_share_group_state_summary, "ReadShareGroupStateSummary", 0},
    api_info{api_key::streams_group_heartbeat, "StreamsGroupHeartbeat", 0},
    api_info{api_key::streams_group_describe, "StreamsGroupDescribe", 0},
    api_info{api_key::describe_share_group_offsets, "DescribeShareGroupOffsets", 0},
    api_info{api_key::alter_share_group_offsets, "AlterShareGroupOffsets", 0},
    api_info{api_key::delete_share_group_offsets, "DeleteShareGroupOffsets", 0},
    api_info{api_key::streams_group_topology_description_update, "StreamsGroupTopologyDescriptionUpdate", 0},
    api_info{api_key::unregister_controller, "UnregisterController", 0},
};

namespace detail {
constexpr bool table_is_indexed_by_key() {
    for (std::size_t i = 0; i < api_table.size(); ++i)
        if (static_cast<std::size_t>(api_table[i].key) != i) return false;
    return true;
}
}  // namespace detail
static_assert(detail::table_is_indexed_by_key());

/// The line of `key`, or null when Kafka has no such API.
constexpr const api_info* find_api(api_key key) {
    const auto index = static_cast<std::int16_t>(key);
    return index >= 0 && static_cast<std::size_t>(index) < api_table.size()
               ? &api_table[static_cast<std::size_t>(index)]
               : nullptr;
}

/// The line of a key that is in the table.
constexpr const api_info& api_of(api_key key) {
    return api_table[static_cast<std::size_t>(key)];
}

/// "Fetch", or "unknown API".
constexpr std::string_view api_name(api_key key) {
    const api_info* info = find_api(key);
    return info != nullptr ? info->name : std::string_view("unknown API");
}

}  // namespace logstore::kafka
