// DescribeCluster: this broker, which is the controller too.
#include "kafka/protocol/messages/describe_cluster.h"

#include "kafka/server/handlers/handlers.h"

namespace logstore::kafka {
namespace {

/// Kafka's operations on a cluster, as the numbers of their bits: create, alter, describe, act as a broker,
/// describe configs, alter configs, write idempotently. Nobody is refused anything here.
constexpr std::int32_t all_operations = 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;

}  // namespace

env::task<result<>> serve_describe_cluster(request_context* context) {
    const auto request = context->decode<describe_cluster_request>();
    if (!request) co_return std::unexpected(request.error());
    describe_cluster_response response;
    if (request->endpoint == endpoint_type::broker) {
        broker& target = context->target();
        response.cluster_id = target.cluster_id();
        response.controller = target.node();
        auto& self = response.brokers.emplace_back();
        self.id = target.node();
        self.host = context->with.options.advertised.host;
        self.port = context->with.options.advertised.port;
        if (request->with_authorized_operations) response.authorized_operations = all_operations;
    } else if (request->endpoint == endpoint_type::controller) {
        response.error = error_code::mismatched_endpoint_type;
        response.error_message = "this is the address of a broker, not of a controller";
    } else {
        response.error = error_code::unsupported_endpoint_type;
        response.error_message = "no such type of endpoint";
    }
    context->with.metrics.count(response.error);
    co_return context->answer(response);
}

}  // namespace logstore::kafka
