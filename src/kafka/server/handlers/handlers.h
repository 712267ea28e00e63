// The handlers, one file an API. Each maps the errors of what it calls to Kafka's codes in one function of
// its file.
#pragma once

#include "kafka/server/request_context.h"

namespace logstore::kafka {

env::task<result<>> serve_api_versions(request_context* context);
env::task<result<>> serve_create_topics(request_context* context);
env::task<result<>> serve_delete_topics(request_context* context);
env::task<result<>> serve_fetch(request_context* context);
env::task<result<>> serve_find_coordinator(request_context* context);
env::task<result<>> serve_list_offsets(request_context* context);
env::task<result<>> serve_metadata(request_context* context);

}  // namespace logstore::kafka
