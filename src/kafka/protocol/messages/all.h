// Every message of the codec, for what must go over all of them: tests, fuzzers, tools.
#pragma once

#include "kafka/protocol/messages/api_versions.h"
#include "kafka/protocol/messages/create_partitions.h"
#include "kafka/protocol/messages/create_topics.h"
#include "kafka/protocol/messages/delete_records.h"
#include "kafka/protocol/messages/delete_topics.h"
#include "kafka/protocol/messages/describe_cluster.h"
#include "kafka/protocol/messages/describe_configs.h"
#include "kafka/protocol/messages/describe_log_dirs.h"
#include "kafka/protocol/messages/fetch.h"
#include "kafka/protocol/messages/find_coordinator.h"
#include "kafka/protocol/messages/list_offsets.h"
#include "kafka/protocol/messages/metadata.h"
#include "kafka/protocol/messages/offset_for_leader_epoch.h"
#include "kafka/protocol/messages/produce.h"

namespace logstore::kafka {

template <message Request, message Response>
struct api_messages {
    static_assert(Request::api == Response::api);
    static constexpr api_key api = Request::api;
    using request = Request;
    using response = Response;
};

template <class... Apis>
struct api_list {
    /// Calls `visit(api_messages<…>{})` for each.
    static void for_each(auto visit) { (visit(Apis{}), ...); }
    /// Calls `visit` for that of `key`; false = none.
    static bool for_key(api_key key, auto visit) {
        return ((Apis::api == key && (visit(Apis{}), true)) || ...);
    }
};

using all_apis = api_list<                                                            //
    api_messages<produce_request, produce_response>,                                  //
    api_messages<fetch_request, fetch_response>,                                      //
    api_messages<list_offsets_request, list_offsets_response>,                        //
    api_messages<metadata_request, metadata_response>,                                //
    api_messages<find_coordinator_request, find_coordinator_response>,                //
    api_messages<api_versions_request, api_versions_response>,                        //
    api_messages<create_topics_request, create_topics_response>,                      //
    api_messages<delete_topics_request, delete_topics_response>,                      //
    api_messages<delete_records_request, delete_records_response>,                    //
    api_messages<offset_for_leader_epoch_request, offset_for_leader_epoch_response>,  //
    api_messages<describe_configs_request, describe_configs_response>,                //
    api_messages<describe_log_dirs_request, describe_log_dirs_response>,              //
    api_messages<create_partitions_request, create_partitions_response>,              //
    api_messages<describe_cluster_request, describe_cluster_response>>;

}  // namespace logstore::kafka
