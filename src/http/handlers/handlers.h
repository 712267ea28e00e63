// One function for each kind of request other than appends. Each file of this folder says what it serves.
#pragma once

#include "http/request_context.h"

namespace logstore::http {

env::task<answer> serve_page(request_context* context);
env::task<answer> serve_openapi(request_context* context);
env::task<answer> serve_live(request_context* context);
env::task<answer> serve_ready(request_context* context);
env::task<answer> serve_metrics(request_context* context);
env::task<answer> serve_options(request_context* context);

env::task<answer> serve_read(request_context* context);

env::task<answer> serve_list_topics(request_context* context);
env::task<answer> serve_describe_topic(request_context* context);
env::task<answer> serve_create_topic(request_context* context);
env::task<answer> serve_delete_topic(request_context* context);

}  // namespace logstore::http
