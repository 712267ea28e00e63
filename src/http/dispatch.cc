#include "base/check.h"
#include "http/handlers/handlers.h"

namespace logstore::http {

request_handler handler_of(route where, method asked) {
    if (asked == method::options) return serve_options;
    switch (where) {
        case route::page: return serve_page;
        case route::openapi: return serve_openapi;
        case route::live: return serve_live;
        case route::ready: return serve_ready;
        case route::metrics: return serve_metrics;
        case route::read:
        case route::partition_records: return serve_read;
        case route::topics: return asked == method::post ? serve_create_topic : serve_list_topics;
        case route::topic:
            if (asked == method::put) return serve_create_topic;
            return asked == method::remove ? serve_delete_topic : serve_describe_topic;
        case route::append:
        case route::topic_records:
        case route::none: break;
    }
    CHECK(false, "route {} has no handler", static_cast<int>(where));
}

}  // namespace logstore::http
