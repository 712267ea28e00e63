#include "kafka/server/dispatch.h"

#include <vector>

#include "kafka/protocol/api_versions.h"
#include "kafka/server/handlers/handlers.h"

namespace logstore::kafka {

request_handler handler_of(api_key key) {
    switch (key) {
        case api_key::api_versions: return serve_api_versions;
        case api_key::create_partitions: return serve_create_partitions;
        case api_key::create_topics: return serve_create_topics;
        case api_key::delete_records: return serve_delete_records;
        case api_key::delete_topics: return serve_delete_topics;
        case api_key::describe_cluster: return serve_describe_cluster;
        case api_key::describe_configs: return serve_describe_configs;
        case api_key::describe_log_dirs: return serve_describe_log_dirs;
        case api_key::fetch: return serve_fetch;
        case api_key::find_coordinator: return serve_find_coordinator;
        case api_key::list_offsets: return serve_list_offsets;
        case api_key::metadata: return serve_metadata;
        case api_key::offset_for_leader_epoch: return serve_offset_for_leader_epoch;
        default: return nullptr;
    }
}

std::vector<api_versions_response::range> served_apis() {
    auto apis = offered_apis();
    std::erase_if(apis, [](const api_versions_response::range& one) {
        return one.key != api_key::produce && handler_of(one.key) == nullptr;
    });
    return apis;
}

}  // namespace logstore::kafka
