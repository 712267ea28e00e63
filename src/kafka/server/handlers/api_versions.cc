// ApiVersions: what this broker serves.
#include "kafka/protocol/api_versions.h"

#include "kafka/server/dispatch.h"
#include "kafka/server/handlers/handlers.h"

namespace logstore::kafka {

env::task<result<>> serve_api_versions(request_context* context) {
    if (context->request.is_unknown_api_versions) {
        context->with.metrics.count(error_code::unsupported_version);
        append_api_versions_too_new(context->output.bytes(), context->request.header.correlation_id,
                                    served_apis());
        co_return result<>();
    }
    const auto request = context->decode<api_versions_request>();
    if (!request) co_return std::unexpected(request.error());
    api_versions_response response;
    const bool names_itself = context->version() >= 3;
    if (names_itself && (!is_legal_software_name(request->client_software_name) ||
                         !is_legal_software_name(request->client_software_version))) {
        response.error = error_code::invalid_request;
        context->with.metrics.count(response.error);
    } else {
        response.apis = served_apis();
    }
    co_return context->answer(response);
}

}  // namespace logstore::kafka
