// The handlers, one file an API. What the errors of tablets and of the topic directory are called in Kafka is
// in tablet_errors.h and topic_errors.h.
#pragma once

#include "kafka/server/request_context.h"

namespace logstore::kafka {

env::task<result<>> serve_api_versions(request_context* context);
env::task<result<>> serve_create_partitions(request_context* context);
env::task<result<>> serve_create_topics(request_context* context);
env::task<result<>> serve_delete_records(request_context* context);
env::task<result<>> serve_delete_topics(request_context* context);
env::task<result<>> serve_describe_cluster(request_context* context);
env::task<result<>> serve_describe_configs(request_context* context);
env::task<result<>> serve_describe_log_dirs(request_context* context);
env::task<result<>> serve_fetch(request_context* context);
env::task<result<>> serve_find_coordinator(request_context* context);
env::task<result<>> serve_list_offsets(request_context* context);
env::task<result<>> serve_metadata(request_context* context);
env::task<result<>> serve_offset_for_leader_epoch(request_context* context);

}  // namespace logstore::kafka
