// DescribeConfigs: the settings of topics and of this broker.
#include "kafka/protocol/messages/describe_configs.h"

#include <charconv>

#include <fmt/format.h>

#include "kafka/protocol/response_stream.h"
#include "kafka/server/described_configs.h"
#include "kafka/server/handlers/handlers.h"

namespace logstore::kafka {
namespace {

using described = describe_configs_response::resource;

/// A request of a few bytes a topic could ask for kilobytes of each: behind so many bytes of answer the rest
/// is refused. Enough for 20,000 topics without synonyms and documentation, and for 10,000 with both.
constexpr std::size_t answer_bytes_max = std::size_t(16) << 20;
/// So many topics make a small answer.
constexpr std::size_t small_answer_resources_max = 4;

void refuse(described& answer, error_code code, std::string why) {
    answer.error = code;
    answer.error_message = std::move(why);
}

void describe_topic_named(const request_context& context, const cluster::topic_image& image,
                          const config_selection& wanted, described& answer) {
    if (!is_legal_topic_name(answer.name))
        return refuse(answer, error_code::invalid_topic_exception, "not a name that a topic can have");
    const cluster::topic_ptr known = image.find(answer.name);
    if (known == nullptr) return refuse(answer, error_code::unknown_topic_or_partition, "no such topic");
    answer.configs = describe_topic(known->configs, context.target().topic_defaults(), wanted);
}

void describe_broker_named(const request_context& context, const config_selection& wanted,
                           described& answer) {
    // Kafka's settings for all brokers at once, which are made while it runs. There are none here.
    if (answer.name.empty()) return;
    const std::string& name = answer.name;
    std::int32_t number = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (problem != std::errc() || end != name.data() + name.size())
        return refuse(answer, error_code::invalid_request, "a broker is named by its number");
    const broker_id here = context.target().node();
    if (broker_id(number) != here)
        return refuse(answer, error_code::invalid_request,
                      fmt::format("this is broker {}, which knows only its own settings", here));
    if (const broker_configs& all = context.with.options.configs)
        answer.configs = describe_broker(*all, wanted);
}

}  // namespace

env::task<result<>> serve_describe_configs(request_context* context) {
    const auto request = context->decode<describe_configs_request>();
    if (!request) co_return std::unexpected(request.error());
    // From here on nothing waits: an answer is large only for a moment.
    if (context->answer_memory.is_scarce() && request->resources.size() > small_answer_resources_max)
        co_await context->room_for_answer();
    const auto image = context->target().topics();
    response_stream stream(context->output.bytes(), api_key::describe_configs, context->version(),
                           context->request.header.correlation_id);
    stream.fields(std::int32_t(0));
    stream.begin_list(request->resources.size());
    for (const auto& asked : request->resources) {
        described answer;
        answer.type = asked.type;
        answer.name = asked.name;
        const config_selection wanted{asked.keys ? &*asked.keys : nullptr, request->with_synonyms,
                                      request->with_documentation};
        if (stream.size() > answer_bytes_max)
            refuse(answer, error_code::invalid_request, "too much for one answer: ask for fewer at a time");
        else if (asked.type == config_resource_type::topic)
            describe_topic_named(*context, *image, wanted, answer);
        else if (asked.type == config_resource_type::broker)
            describe_broker_named(*context, wanted, answer);
        else
            refuse(answer, error_code::invalid_request, "only topics and brokers have configs here");
        context->with.metrics.count(answer.error);
        stream.element(answer);
    }
    co_return stream.finish();
}

}  // namespace logstore::kafka
